//! Gzip as the files need it: one member, the same bytes for the same input.

use std::io::{Read, Write};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};

/// One gzip member without name and time, so that the same content always gives the same file.
///
/// A reader that checks files refuses a second member, so content is never appended to a file.
pub fn compress(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}

/// The content of the first gzip member.
///
/// # Errors
/// The bytes are not gzip, or were cut or changed.
pub fn decompress(file: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(file).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_member() {
        let content = b"{\"Records\":[]}".repeat(1000);
        let file = compress(&content);
        assert_eq!(file, compress(&content));
        assert!(file.len() < content.len() / 10);
        assert_eq!(decompress(&file).unwrap(), content);
        // RFC 1952: magic, deflate, no flags, no time.
        assert_eq!(&file[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        assert!(decompress(&file[..file.len() - 1]).is_err());
    }
}
