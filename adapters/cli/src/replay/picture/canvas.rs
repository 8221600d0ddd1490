//! Pixels to draw on; what lies outside is not drawn.

use std::io::{self, Write};

use super::font;

/// Red, green, blue.
pub(crate) type Color = [u8; 3];

/// An image, white at first.
#[derive(Debug)]
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, bytes: vec![255; width * height * 3] }
    }

    /// Colours one pixel.
    pub(crate) fn dot(&mut self, x: usize, y: usize, color: Color) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y * self.width + x) * 3;
        if let Some(pixel) = self.bytes.get_mut(at..at + 3) {
            pixel.copy_from_slice(&color);
        }
    }

    /// Fills a rectangle.
    pub(crate) fn fill(&mut self, (x, y): (usize, usize), (width, height): (usize, usize), color: Color) {
        for row in y..y.saturating_add(height).min(self.height) {
            for column in x..x.saturating_add(width).min(self.width) {
                self.dot(column, row, color);
            }
        }
    }

    /// Writes text with its upper left corner here, in letters of 7 times `scale` pixels.
    pub(crate) fn text(&mut self, (x, y): (usize, usize), scale: usize, color: Color, text: &str) {
        for (at, char) in text.chars().enumerate() {
            let left = x + at * font::ADVANCE * scale;
            for (column, bits) in font::glyph(char).into_iter().enumerate() {
                for row in (0..8).filter(|row| bits & (1 << row) != 0) {
                    self.fill((left + column * scale, y + row * scale), (scale, scale), color);
                }
            }
        }
    }

    /// Writes the image as PNG.
    pub(crate) fn write(&self, to: impl Write) -> io::Result<()> {
        let size = |pixels: usize| u32::try_from(pixels).map_err(io::Error::other);
        let mut encoder = png::Encoder::new(to, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bytes)?;
        writer.finish()?;
        Ok(())
    }
}
