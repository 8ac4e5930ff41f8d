//! Proof Key for Code Exchange (RFC 7636), S256 alone, and the other random values of a request.

use super::base64url;
use crate::secret::CodeVerifier;

/// A code verifier of 43 characters from 256 random bits (RFC 7636 section 4.1).
pub fn code_verifier(random: &[u8; 32]) -> CodeVerifier {
    CodeVerifier::new(random_token(random))
}

/// The code challenge for the SHA-256 `digest` of a verifier (RFC 7636 section 4.2).
pub fn code_challenge_from_digest(digest: &[u8]) -> String {
    random_token(digest)
}

/// `bytes` as base64url without padding (RFC 4648 section 5).
pub fn random_token(bytes: &[u8]) -> String {
    base64url::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The octets of RFC 7636 appendix B.
    const OCTETS: [u8; 32] = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
        240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];

    #[test]
    fn the_verifier_is_that_of_the_specification() {
        assert_eq!(code_verifier(&OCTETS).expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_challenge_is_that_of_the_specification() {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(code_verifier(&OCTETS).expose());
        assert_eq!(code_challenge_from_digest(&digest), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
