//! `WWW-Authenticate` (RFC 9110 section 11.6.1): what an API says about the token it got (RFC 6750 section 3).

/// One challenge: a scheme and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, in lower case.
    pub scheme: String,
    params: Vec<(String, String)>,
}

impl Challenge {
    /// The parameter `name`, if it is there.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|param| param.0 == name).map(|param| param.1.as_str())
    }

    /// Reads the value of a `WWW-Authenticate` header, which may hold several challenges. What is no challenge is left out.
    pub fn parse(header: &str) -> Vec<Challenge> {
        let mut challenges = Vec::<Challenge>::new();
        let mut rest = header.trim_start_matches([' ', '\t', ',']);
        while let Some((word, after)) = token(rest) {
            let spaced = after.trim_start_matches([' ', '\t']);
            match (spaced.strip_prefix('=').filter(|value| !is_padding(value)), challenges.last_mut()) {
                (Some(value), Some(challenge)) => {
                    let (value, after) = value_of(value.trim_start_matches([' ', '\t']));
                    challenge.params.push((word.to_ascii_lowercase(), value));
                    rest = after;
                }
                // A parameter before any scheme.
                (Some(_), None) => return challenges,
                (None, _) => {
                    challenges.push(Challenge { scheme: word.to_ascii_lowercase(), params: Vec::new() });
                    rest = after_token68(spaced);
                }
            }
            rest = rest.trim_start_matches([' ', '\t', ',']);
        }
        challenges
    }

    /// The challenge to a bearer or DPoP token, of several the first that gives a reason.
    pub fn of_token(header: &str) -> Option<Challenge> {
        let mut challenges = Challenge::parse(header);
        challenges.retain(|challenge| challenge.scheme == "bearer" || challenge.scheme == "dpop");
        let at = challenges.iter().position(|challenge| challenge.param("error").is_some()).unwrap_or(0);
        (at < challenges.len()).then(|| challenges.swap_remove(at))
    }
}

/// The token (RFC 9110 section 5.6.2) that `text` begins with, and what follows.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '!' | '#'..='\'' | '*' | '+' | '-' | '.' | '^'..='`' | '|' | '~')
    };
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A quoted string or a token, and what follows.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        return match token(text) {
            Some((value, after)) => (value.to_owned(), after),
            None => (String::new(), text.trim_start_matches(|c| c != ',')),
        };
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, quoted.get(at + 1..).unwrap_or("")),
            _ => value.push(c),
        }
    }
    (value, "")
}

/// Whether what follows an equals sign shows it to be the padding of a token68.
fn is_padding(after: &str) -> bool {
    after.trim_start_matches('=').trim_start_matches([' ', '\t']).starts_with(',') || after.trim_matches('=').is_empty()
}

/// What follows the token68 (RFC 9110 section 11.2) that `text` may begin with.
fn after_token68(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/')))
        .unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let unpadded = after.trim_start_matches('=');
    let ends = unpadded.trim_start_matches([' ', '\t']);
    // A lone word before a comma may as well be the next scheme without parameters: nobody sends that.
    if !word.is_empty() && (ends.is_empty() || ends.starts_with(',')) { unpadded } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Vec<(String, Vec<(String, String)>)> {
        Challenge::parse(header).into_iter().map(|challenge| (challenge.scheme, challenge.params)).collect()
    }

    fn challenge(scheme: &str, params: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        (scheme.to_owned(), params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    #[test]
    fn challenges_are_read_as_rfc_9110_writes_them() {
        assert_eq!(
            read(r#"Bearer realm="example", error="invalid_token", error_description="It \"expired\", sorry""#),
            [challenge(
                "bearer",
                &[("realm", "example"), ("error", "invalid_token"), ("error_description", r#"It "expired", sorry"#)]
            )]
        );
        assert_eq!(
            read(r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#),
            [
                challenge("basic", &[("realm", "simple")]),
                challenge("newauth", &[("realm", "apps"), ("type", "1"), ("title", r#"Login to "apps""#)])
            ]
        );
        assert_eq!(
            read(r#"Negotiate dG9rZW4=, BEARER Scope = "a b",, DPoP algs="ES256""#),
            [
                challenge("negotiate", &[]),
                challenge("bearer", &[("scope", "a b")]),
                challenge("dpop", &[("algs", "ES256")])
            ]
        );
        assert_eq!(read("Bearer"), [challenge("bearer", &[])]);
        assert_eq!(read(""), []);
        assert_eq!(read(r#"realm="none""#), []);
    }

    #[test]
    fn the_challenge_to_a_token_is_found_among_others() {
        let header = r#"Basic realm="x", DPoP algs="ES256", Bearer error="insufficient_scope", scope="read write""#;
        let found = Challenge::of_token(header);
        assert_eq!(found.as_ref().and_then(|found| found.param("scope")), Some("read write"));
        assert_eq!(Challenge::of_token("Basic realm=x"), None);
        assert_eq!(Challenge::of_token(r#"Bearer realm="x""#).map(|found| found.scheme).as_deref(), Some("bearer"));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = Challenge::of_token(&text);
        }
    }
}
