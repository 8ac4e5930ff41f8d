//! How large the package is.

use std::collections::HashMap;
use std::io::Write;

use anyhow::{Context, Result, bail};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use crate::package;

/// What the page loads on its main thread, in bytes of brotli.
const PAGE_BUDGET: usize = 7_500;
/// What a session loads in all, in bytes of brotli.
const TOTAL_BUDGET: usize = 75_000;
/// How many contributors to the wasm are named.
const CONTRIBUTORS: usize = 20;
/// The sections of wasm, by their number.
const SECTIONS: [&str; 14] = [
    "custom",
    "types",
    "imports",
    "functions",
    "tables",
    "memory",
    "globals",
    "exports",
    "start",
    "elements",
    "code",
    "data",
    "data count",
    "tags",
];

/// One size three ways, in bytes.
#[derive(Clone, Copy, Default)]
struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Prints the sizes; with `check`, fails over budget.
pub fn run(check: bool) -> Result<()> {
    package::build_if_stale()?;
    let [page, shared, vault, callback, wasm] =
        ["index.js", "shared.js", "vault.js", "callback.js", "strongroom_bg.wasm"].map(measure);
    let (page, shared, vault, callback, wasm) = (page?, shared?, vault?, callback?, wasm?);
    let total = add(page, add(shared, wasm));
    println!("{:32} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip -9", "brotli 11");
    for (name, size) in [
        ("index.js (page, main thread)", page),
        ("shared.js (glue)", shared),
        ("strongroom_bg.wasm", wasm),
        ("together: a session", total),
        ("vault.js (closure instead)", vault),
        ("callback.js", callback),
    ] {
        println!("{name:32} {:>9} {:>9} {:>9}", size.raw, size.gzip, size.brotli);
    }
    println!("\nthe largest sections and functions of the wasm, raw:");
    let with_names = std::fs::read(package::NAMED).with_context(|| package::NAMED)?;
    for (name, size) in contributors(&with_names)?.into_iter().take(CONTRIBUTORS) {
        println!("{size:>9}  {name}");
    }
    if check && (page.brotli > PAGE_BUDGET || total.brotli > TOTAL_BUDGET) {
        bail!("over budget: the page part may have {PAGE_BUDGET} bytes of brotli, everything together {TOTAL_BUDGET}");
    }
    Ok(())
}

fn add(a: Size, b: Size) -> Size {
    Size { raw: a.raw + b.raw, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli }
}

fn measure(file: &str) -> Result<Size> {
    let path = format!("{}/{file}", package::PKG);
    let bytes = std::fs::read(&path).with_context(|| path.clone())?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&bytes)?;
    let mut brotli = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut bytes.as_slice(), &mut brotli, &parameters)?;
    Ok(Size { raw: bytes.len(), gzip: gzip.finish()?.len(), brotli: brotli.len() })
}

/// The sections of a wasm file and, by the names that it holds, the functions of its code section; largest first.
fn contributors(wasm: &[u8]) -> Result<Vec<(String, usize)>> {
    let mut sections = Vec::new();
    let (mut imported, mut bodies, mut names) = (0, Vec::new(), HashMap::new());
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Some((id, range)) = payload.as_section() {
            let name = SECTIONS.get(usize::from(id)).unwrap_or(&"unknown");
            // A custom section is for tools, and the published file has none.
            if id != 0 {
                sections.push((format!("section {name}"), range.len()));
            }
        }
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(subsections) = custom.as_known() {
                    for subsection in subsections {
                        if let Name::Function(functions) = subsection? {
                            for naming in functions {
                                let naming = naming?;
                                names.insert(naming.index, without_hashes(naming.name));
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let named = (imported..).zip(bodies).map(|(index, length)| {
        let name = names.remove(&index).unwrap_or_else(|| format!("function {index}"));
        (name, length)
    });
    sections.extend(named);
    sections.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    Ok(sections)
}

/// A name without the hashes of crates: `core[3f2a…]::fmt` is `core::fmt`.
fn without_hashes(name: &str) -> String {
    let is_hash = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut short = String::new();
    for part in name.split_inclusive(['[', ']']) {
        match part.strip_suffix(']') {
            Some(hash) if is_hash(hash) && short.ends_with('[') => drop(short.pop()),
            _ => short.push_str(part),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    #[test]
    fn functions_are_found_by_their_names() {
        // A type, an import, two functions of 2 and 3 bytes, and the name "two" for the second of them.
        let wasm = [
            &b"\0asm\x01\0\0\0"[..],
            &[1, 4, 1, 0x60, 0, 0],
            &[2, 7, 1, 1, b'a', 1, b'b', 0, 0],
            &[3, 3, 2, 0, 0],
            &[10, 8, 2, 2, 0, 11, 3, 0, 1, 11],
            &[0, 13, 4, b'n', b'a', b'm', b'e', 1, 6, 1, 2, 3, b't', b'w', b'o'],
        ]
        .concat();
        let found = super::contributors(&wasm).expect("it is wasm");
        for (name, size) in [("section code", 8), ("function 1", 2), ("two", 3)] {
            assert!(found.contains(&(name.to_owned(), size)), "{name}: {found:?}");
        }
    }

    #[test]
    fn names_are_shown_without_hashes() {
        assert_eq!(
            super::without_hashes("<core[0123456789abcdef]::Of<[u8]> as a[1]>::b"),
            "<core::Of<[u8]> as a[1]>::b"
        );
    }
}
