//! The byte encodings: Base64, hexadecimal, URL and JSON escapes.

use crate::rng::Rng;
use alloc::string::String;

pub(super) const STANDARD: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const URL_SAFE: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn base64(text: &str, alphabet: &[u8; 64], padded: bool) -> String {
    let mut out = String::with_capacity(text.len().div_ceil(3) * 4);
    for chunk in text.as_bytes().chunks(3) {
        let mut bytes = [0u8; 4];
        bytes.iter_mut().skip(1).zip(chunk).for_each(|(slot, &byte)| *slot = byte);
        let bits = u32::from_be_bytes(bytes);
        for place in 0..4 {
            if place <= chunk.len() {
                let digit = bits >> (18 - 6 * place) & 63;
                out.extend(alphabet.get(digit as usize).map(|&digit| digit as char));
            } else if padded {
                out.push('=');
            }
        }
    }
    out
}

pub(super) fn hex(text: &str) -> String {
    let mut out = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        push_hex(&mut out, byte, b'a');
    }
    out
}

/// Appends two digits; `ten` is the digit ten, in lower or upper case.
fn push_hex(out: &mut String, byte: u8, ten: u8) {
    for digit in [byte >> 4, byte & 15] {
        out.push((if digit < 10 { b'0' + digit } else { ten + digit - 10 }) as char);
    }
}

/// Escapes every byte, or those that are no letter or digit. A text of letters and digits alone
/// is escaped throughout: otherwise nothing would change.
pub(super) fn url(text: &str, every_byte: bool) -> String {
    let every_byte = every_byte || text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut out = String::new();
    for byte in text.bytes() {
        if every_byte || !byte.is_ascii_alphanumeric() {
            out.push('%');
            push_hex(&mut out, byte, b'A');
        } else {
            out.push(byte as char);
        }
    }
    out
}

pub(super) fn json_escape(text: &str, share: f32, rng: &mut Rng) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if share < 1.0 && !rng.chance(share) {
            out.push(c);
            continue;
        }
        let mut units = [0u16; 2];
        for unit in c.encode_utf16(&mut units) {
            out.push_str("\\u");
            for byte in unit.to_be_bytes() {
                push_hex(&mut out, byte, b'a');
            }
        }
    }
    out
}
