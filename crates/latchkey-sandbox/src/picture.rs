//! The portraits, drawn and encoded here, so that a picture needs neither a file nor a network.

use std::sync::LazyLock;

use axum::http::{StatusCode, header};

use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;

type Colour = [u8; 3];

/// Width and height in pixels.
const SIZE: i32 = 96;
/// Each pixel is the mean of 4 × 4 samples.
const SAMPLES: i32 = 4;

struct Portrait {
    background: Colour,
    shirt: Colour,
    skin: Colour,
    hair: Colour,
    long_hair: bool,
}

const ADA: Portrait = Portrait {
    background: [204, 216, 246],
    shirt: [106, 58, 130],
    skin: [240, 205, 180],
    hair: [72, 44, 34],
    long_hair: true,
};

const BEN: Portrait = Portrait {
    background: [206, 234, 214],
    shirt: [24, 94, 104],
    skin: [156, 108, 78],
    hair: [34, 30, 32],
    long_hair: false,
};

static ADA_PNG: LazyLock<Vec<u8>> = LazyLock::new(|| png(&ADA));
static BEN_PNG: LazyLock<Vec<u8>> = LazyLock::new(|| png(&BEN));

/// `GET /pictures/ada.png`
pub(crate) fn ada(_core: &mut Core, _exchange: &Exchange) -> Answer {
    picture(&ADA_PNG)
}

/// `GET /pictures/ben.png`
pub(crate) fn ben(_core: &mut Core, _exchange: &Exchange) -> Answer {
    picture(&BEN_PNG)
}

fn picture(png: &'static [u8]) -> Answer {
    let mut response = answer::typed(StatusCode::OK, "image/png", png);
    answer::set(&mut response, header::CACHE_CONTROL, "public, max-age=86400");
    Answer::accepted(response)
}

impl Portrait {
    /// The colour at a sample, counted in quarters of a pixel.
    fn at(&self, x: i32, y: i32) -> Colour {
        let within = |cx: i32, cy: i32, radius: i32| (x - cx).pow(2) + (y - cy).pow(2) < radius.pow(2);
        let eye = within(160, 176, 9) || within(224, 176, 9);
        let smile = y > 205 && within(192, 190, 40) && !within(192, 182, 40);
        let face = within(192, 176, 84);
        let fringe = y < 132 && within(192, 152, 98);
        let locks = self.long_hair && y < 290 && (within(120, 214, 60) || within(264, 214, 60));
        if eye || fringe || smile {
            self.hair
        } else if face || (within(192, 250, 44) && y < 290) {
            self.skin
        } else if locks || (y < 176 && within(192, 156, 98)) {
            self.hair
        } else if within(192, 420, 160) {
            self.shirt
        } else {
            self.background
        }
    }

    fn pixel(&self, x: i32, y: i32) -> Colour {
        let mut sum = [0_u32; 3];
        for (dx, dy) in (0..SAMPLES).flat_map(|dx| (0..SAMPLES).map(move |dy| (dx, dy))) {
            let sample = self.at(x * SAMPLES + dx, y * SAMPLES + dy);
            for (total, channel) in sum.iter_mut().zip(sample) {
                *total += u32::from(channel);
            }
        }
        sum.map(|total| u8::try_from(total / 16).unwrap_or(u8::MAX))
    }
}

/// An RGB image in one stored deflate block: 27 kB of plain pixels need no compressor.
fn png(portrait: &Portrait) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..SIZE {
        pixels.push(0);
        pixels.extend((0..SIZE).flat_map(|x| portrait.pixel(x, y)));
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let side = SIZE.to_be_bytes();
    chunk(&mut file, *b"IHDR", &[&side[..], &side, &[8, 2, 0, 0, 0]].concat());
    chunk(&mut file, *b"IDAT", &zlib_stored(&pixels));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let checked = [&kind[..], data].concat();
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend(&checked);
    file.extend(crc32(&checked).to_be_bytes());
}

/// RFC 1950 around one stored block of RFC 1951, which holds up to 65,535 bytes.
fn zlib_stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    stream.extend(adler32(data).to_be_bytes());
    stream
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

fn adler32(data: &[u8]) -> u32 {
    let (low, high) = data.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_match_their_published_vectors() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn portraits_differ_and_fit_one_block() {
        assert_ne!(png(&ADA), png(&BEN));
        assert!(png(&ADA).len() < 65_535);
    }
}
