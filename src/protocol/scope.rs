//! Scopes (RFC 6749 section 3.3): sets of tokens whose order does not matter.

/// A set of scope tokens, in the order in which they were first named.
#[derive(Clone, Debug, Default)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads a list separated by white space; it may be empty.
    pub fn parse(text: &str) -> Scope {
        let mut scope = Scope::default();
        text.split_whitespace().for_each(|token| scope.insert(token));
        scope
    }

    fn insert(&mut self, token: &str) {
        if !self.contains(token) {
            self.0.push(token.to_owned());
        }
    }

    /// Whether `token` is in it.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|known| known == token)
    }

    /// Whether all of `other` is in it.
    pub fn covers(&self, other: &Scope) -> bool {
        other.0.iter().all(|token| self.contains(token))
    }

    /// Both together.
    pub fn union(&self, other: &Scope) -> Scope {
        let mut union = self.clone();
        other.0.iter().for_each(|token| union.insert(token));
        union
    }

    /// All of it but `token`.
    pub fn without(&self, token: &str) -> Scope {
        Scope(self.0.iter().filter(|known| *known != token).cloned().collect())
    }

    /// The list, separated by single spaces.
    pub fn as_string(&self) -> String {
        self.0.join(" ")
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Scope) -> bool {
        self.covers(other) && other.covers(self)
    }
}

impl Eq for Scope {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_do_not_matter() {
        assert_eq!(Scope::parse(" email  openid email\t"), Scope::parse("openid email"));
        assert_eq!(Scope::parse(" email  openid email\t").as_string(), "email openid");
        assert_ne!(Scope::parse("openid"), Scope::parse("openid email"));
        assert_eq!(Scope::parse(""), Scope::default());
    }

    #[test]
    fn a_wider_scope_covers_a_narrower_one() {
        let wide = Scope::parse("openid email read:orders");
        assert!(wide.covers(&Scope::parse("read:orders")));
        assert!(wide.covers(&Scope::default()));
        assert!(!wide.covers(&Scope::parse("openid write:orders")));
        assert!(!wide.covers(&Scope::parse("Email")), "scope tokens are case sensitive");
    }

    #[test]
    fn a_union_keeps_the_first_order() {
        assert_eq!(Scope::parse("b a").union(&Scope::parse("c a")).as_string(), "b a c");
    }
}
