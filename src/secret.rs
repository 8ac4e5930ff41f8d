//! Secrets as types of their own: no `Display`, no `Serialize`, a `Debug` that shows nothing, zeroed when dropped.

use std::fmt;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Takes the secret in.
            pub fn new(secret: String) -> Self {
                $name(secret)
            }

            /// The secret itself, for the one request it is meant for.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                wipe(&mut self.0);
            }
        }
    )*};
}

secrets! {
    /// An access token (RFC 6749 section 1.4).
    AccessToken,
    /// A refresh token (RFC 6749 section 1.5).
    RefreshToken,
    /// An authorization code (RFC 6749 section 1.3.1).
    AuthorizationCode,
    /// A token that is to be revoked (RFC 7009).
    RevocableToken,
    /// A PKCE code verifier (RFC 7636 section 4.1).
    CodeVerifier,
    /// An ID token as it came, kept for `id_token_hint` (OIDC Core 3.1.2.1, RP-Initiated Logout 2).
    RawIdToken,
}

/// Overwrites `secret` and leaves it empty.
fn wipe(secret: &mut String) {
    let mut bytes = std::mem::take(secret).into_bytes();
    bytes.fill(0);
    // Keeps the optimiser from dropping the writes to memory that is about to be freed.
    std::hint::black_box(bytes.as_mut_ptr());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?} {:?}", AccessToken::new("hush".into()), CodeVerifier::new("hush".into()));
        assert_eq!(shown, "AccessToken(…) CodeVerifier(…)");
    }
}
