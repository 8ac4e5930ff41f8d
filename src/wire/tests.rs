use super::*;
use ts_rs::{Config, TS};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pkg-template/src/wire.ts");

/// The TypeScript the page is compiled against.
fn typescript() -> String {
    let config = Config::default();
    let mut out =
        String::from("// Generated from src/wire.rs and src/error.rs by `cargo xtask bindings`. Do not edit.\n\n");
    macro_rules! declare {
        ($($name:ident)*) => {$(
            out.push_str("export ");
            out.push_str(&$name::decl(&config));
            out.push('\n');
        )*};
    }
    declare!(
        ToVault FromVault Command Reply Ask FrameExpect Answer ResponseMode Dpop ProofAlg Status Options ApiOptions SilentOptions
        Start SignIn CheckSession TokenWish Granted FetchRequest ResponseHead Userinfo SignOut LoggedOut Monitor Renewed RenewalFailed Started SessionState WireError
    );
    let codes = crate::error::Code::OWN.iter().map(|code| format!("'{code}'")).collect::<Vec<_>>();
    out.push_str("/** Strongroom's own error codes. */\n");
    out.push_str(&format!("export type OwnErrorCode = {};\n", codes.join(" | ")));
    out
}

#[test]
fn wire_types() {
    let expected = typescript();
    if std::env::var_os("STRONGROOM_UPDATE").is_some() {
        std::fs::write(PATH, &expected).expect("wire.ts can be written");
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(written == expected, "pkg-template/src/wire.ts is out of date: run `cargo xtask bindings`");
}
