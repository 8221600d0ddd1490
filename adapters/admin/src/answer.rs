//! An answer in JSON, packed where the client takes that.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::io::Write;
use zstd::bulk::compress;
use zstd::stream::write::Encoder;

use crate::error::ApiError;

/// Shorter texts than this go as they are: one packet takes them either way.
const WORTH_PACKING: usize = 1400;

/// zstd's fastest level but those that it calls ultra-fast: of a picture of a day it leaves a fifth, in a third of the
/// time that making the text takes.
const LEVEL: i32 = 1;

/// Of a text that is packed while it is made, so much is held, and one piece more.
const HELD_BYTES: usize = 64 << 10;

/// How a client takes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Zstd,
}

impl Packing {
    /// What `Accept-Encoding` allows (RFC 9110, section 12.5.3).
    fn of(headers: &HeaderMap) -> Packing {
        let listed = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let (mut named, mut others) = (None, false);
        for coding in listed.flat_map(|list| list.split(',')) {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts
                .filter_map(|parameter| parameter.split_once('='))
                .filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
                .any(|(_, quality)| quality.trim().parse().is_ok_and(|quality: f32| quality <= 0.0));
            if name.eq_ignore_ascii_case("zstd") {
                named = Some(!refused);
            } else if name == "*" {
                others = !refused;
            }
        }
        if named.unwrap_or(others) { Packing::Zstd } else { Packing::Plain }
    }

    /// The text as it goes out. One that cannot be packed, for want of memory, goes as it is.
    pub(crate) fn pack(self, text: String) -> Packed {
        if self == Packing::Zstd
            && text.len() >= WORTH_PACKING
            && let Ok(bytes) = compress(text.as_bytes(), LEVEL)
        {
            return Packed { bytes, encoding: Some("zstd") };
        }
        Packed { bytes: text.into_bytes(), encoding: None }
    }

    /// A text as it goes out, of which `next` appends one piece after another, until it says `false`: packed while it
    /// is made, so that it is never held as a whole. As it is, it is; `bytes` are then what it is expected to take.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn pack_pieces(
        self,
        bytes: usize,
        mut next: impl FnMut(&mut String) -> bool,
    ) -> Result<Packed, ApiError> {
        let mut text = String::new();
        // Large buffers are asked for, not taken: without memory this is an answer, not an abort.
        text.try_reserve(if self == Packing::Zstd { 2 * HELD_BYTES } else { bytes }).map_err(|_| no_memory())?;
        while (self == Packing::Plain || text.len() < HELD_BYTES) && next(&mut text) {}
        if self == Packing::Plain || text.len() < HELD_BYTES {
            text.shrink_to_fit();
            return Ok(self.pack(text));
        }
        let mut packer = Encoder::new(Vec::new(), LEVEL).map_err(|_| no_memory())?;
        loop {
            packer.write_all(text.as_bytes()).map_err(|_| no_memory())?;
            text.clear();
            while text.len() < HELD_BYTES && next(&mut text) {}
            if text.is_empty() {
                let mut bytes = packer.finish().map_err(|_| no_memory())?;
                bytes.shrink_to_fit();
                return Ok(Packed { bytes, encoding: Some("zstd") });
            }
        }
    }
}

fn no_memory() -> ApiError {
    ApiError::busy("no memory for the picture; try again in a second")
}

impl<S: Sync> FromRequestParts<S> for Packing {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Packing, Infallible> {
        Ok(Packing::of(&parts.headers))
    }
}

/// The bytes of an answer.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) encoding: Option<&'static str>,
}

/// JSON to send.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) encoding: Option<&'static str>,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = self.encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packing(lists: &[&'static str]) -> Packing {
        let mut headers = HeaderMap::new();
        lists.iter().for_each(|list| _ = headers.append(ACCEPT_ENCODING, HeaderValue::from_static(list)));
        Packing::of(&headers)
    }

    #[test]
    fn only_clients_that_name_it_get_zstd() {
        for taken in [
            &["zstd"][..],
            &["gzip, deflate, br, zstd"],
            &["gzip;q=1, ZSTD;q=0.001"],
            &["gzip", "zstd"],
            &["*"],
            &["gzip;q=0, *;q=0.5"],
        ] {
            assert_eq!(packing(taken), Packing::Zstd, "{taken:?}");
        }
        for refused in [
            &[][..],
            &[""],
            &["gzip, br"],
            &["zstd;q=0"],
            &["zstd; Q = 0.000, gzip"],
            &["*, zstd;q=0"],
            &["*;q=0"],
            &["xzstd"],
        ] {
            assert_eq!(packing(refused), Packing::Plain, "{refused:?}");
        }
    }

    #[test]
    fn long_texts_are_packed_and_short_ones_are_not() {
        let text = "{\"values\":[0,0,0,1]}".repeat(1000);
        let packed = Packing::Zstd.pack(text.clone());
        assert_eq!(packed.encoding, Some("zstd"));
        assert!(packed.bytes.len() < text.len() / 10);
        assert_eq!(zstd::bulk::decompress(&packed.bytes, text.len()).unwrap(), text.as_bytes());
        assert_eq!(Packing::Plain.pack(text.clone()).bytes, text.as_bytes());
        assert_eq!(Packing::Zstd.pack("{}".to_owned()).encoding, None);
    }

    #[test]
    fn what_is_packed_in_pieces_is_the_whole() {
        for count in [0u64, 1, 10, 20_000, 100_000] {
            let pieces: Vec<String> =
                (0..count).map(|number| format!("{{\"value\":{}}},", number * number % 777)).collect();
            let whole = pieces.concat();
            for packing in [Packing::Plain, Packing::Zstd] {
                let (mut at, mut most) = (0, 0);
                let packed = packing.pack_pieces(whole.len(), |text| {
                    most = most.max(text.len());
                    let piece = pieces.get(at).map(|piece| text.push_str(piece));
                    at += 1;
                    piece.is_some()
                });
                let Packed { bytes, encoding } = packed.unwrap();
                let text = if encoding.is_some() { zstd::stream::decode_all(&bytes[..]).unwrap() } else { bytes };
                assert_eq!(text, whole.as_bytes());
                assert_eq!(encoding.is_some(), packing == Packing::Zstd && whole.len() >= WORTH_PACKING);
                assert!(packing == Packing::Plain || most < HELD_BYTES + 100, "{most}");
            }
        }
    }
}
