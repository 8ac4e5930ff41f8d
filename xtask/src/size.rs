//! How large the package is.

use std::io::Write;

use anyhow::{Context, Result, bail};

use crate::package;

/// What the page loads on its main thread, in bytes of brotli.
const PAGE_BUDGET: usize = 7_500;
/// What a session in a worker loads in all, in bytes of brotli.
const TOTAL_BUDGET: usize = 75_000;
/// How many contributors to the wasm are named.
const CONTRIBUTORS: usize = 20;

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
    let [page, worker, vault, callback, wasm] =
        ["index.js", "worker.js", "vault.js", "callback.js", "strongroom_bg.wasm"].map(measure);
    let (page, worker, vault, callback, wasm) = (page?, worker?, vault?, callback?, wasm?);
    let total = add(page, add(worker, wasm));
    println!("{:32} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip -9", "brotli 11");
    for (name, size) in [
        ("index.js (page, main thread)", page),
        ("worker.js (glue)", worker),
        ("strongroom_bg.wasm", wasm),
        ("together: a session in a worker", total),
        ("vault.js (closure instead)", vault),
        ("callback.js", callback),
    ] {
        println!("{name:32} {:>9} {:>9} {:>9}", size.raw, size.gzip, size.brotli);
    }
    println!("\nlargest sections and data of the wasm, raw:");
    let wasm = std::fs::read(format!("{}/strongroom_bg.wasm", package::PKG))?;
    for (name, size) in contributors(&wasm).into_iter().take(CONTRIBUTORS) {
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

/// The sections of a wasm file and the functions of its code section, largest first. A published file names no
/// functions: they are counted by their index.
fn contributors(wasm: &[u8]) -> Vec<(String, usize)> {
    const NAMES: [&str; 14] = [
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
    let mut found = Vec::new();
    let mut at = 8;
    while let Some(id) = wasm.get(at) {
        let Some((length, start)) = leb128(wasm, at + 1) else { break };
        found.push((format!("section {}", NAMES.get(usize::from(*id)).unwrap_or(&"unknown")), length));
        if *id == 10 {
            found.extend(functions(wasm, start));
        }
        at = start + length;
    }
    found.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    found
}

fn functions(wasm: &[u8], start: usize) -> Vec<(String, usize)> {
    let Some((count, mut at)) = leb128(wasm, start) else { return Vec::new() };
    let mut found = Vec::new();
    for index in 0..count {
        let Some((length, body)) = leb128(wasm, at) else { break };
        found.push((format!("function body {index}"), length));
        at = body + length;
    }
    found
}

/// An unsigned LEB128 number, and where it ends.
fn leb128(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(at)?;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        at += 1;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sections_of_a_wasm_file_are_found() {
        // A type section of one type, and a code section with two functions of 2 and 3 bytes.
        let wasm = [&b"\0asm\x01\0\0\0"[..], &[1, 4, 1, 0x60, 0, 0], &[10, 8, 2, 2, 0, 11, 3, 0, 1, 11]].concat();
        let found = super::contributors(&wasm);
        assert!(found.contains(&("section code".to_owned(), 8)) && found.contains(&("function body 1".to_owned(), 3)));
        assert_eq!(super::leb128(&[0xe5, 0x8e, 0x26], 0), Some((624_485, 3)));
        assert_eq!(super::leb128(&[0x80], 0), None);
    }
}
