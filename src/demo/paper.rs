//! Papers and pictures of the household: a small PDF and an X-ray-like picture, written by code.

use image::{GrayImage, ImageFormat, Luma};
use std::io::Cursor;

/// A PDF 1.4 of one page: a title and lines of plain ASCII text.
pub(super) fn pdf(title: &str, lines: &[&str]) -> Vec<u8> {
    let escape = |t: &str| t.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    let mut page = format!("BT /F1 20 Tf 72 720 Td ({}) Tj ET\n", escape(title));
    for (n, line) in lines.iter().enumerate() {
        page.push_str(&format!("BT /F1 12 Tf 72 {} Td ({}) Tj ET\n", 680 - 22 * n, escape(line)));
    }
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        format!("<< /Title ({}) >>", escape(title)),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", n + 1));
    }
    let table = out.len();
    out.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for place in &places {
        out.push_str(&format!("{place:010} 00000 n \n"));
    }
    out.push_str(&format!("trailer\n<< /Size {} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
    out.into_bytes()
}

/// A drawing of a knee as an X-ray shows it: two bones and a bright implant. PNG.
pub(super) fn knee_picture() -> Vec<u8> {
    const WIDE: u32 = 300;
    const HIGH: u32 = 400;
    let picture = GrayImage::from_fn(WIDE, HIGH, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let middle = (x - 150.0).abs();
        let leg = (1.0 - middle / 130.0).max(0.0) * 70.0;
        // The bones widen towards the joint at y = 200.
        let near = (-((y - 200.0) / 45.0).powi(2)).exp();
        let half = 28.0 + 42.0 * near;
        let gap = (y - 200.0).abs() < 5.0;
        let bone = if middle < half && !gap { 75.0 + 55.0 * (middle / half).powi(2) } else { 0.0 };
        let plate = middle < 66.0 && ((176.0..194.0).contains(&y) || (206.0..215.0).contains(&y));
        let stem = middle < 7.0 && (215.0..270.0).contains(&y);
        let level = if plate || stem { 245.0 } else { 12.0 + leg + bone };
        Luma([level.clamp(0.0, 255.0) as u8])
    });
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).expect("a picture in memory can always be written");
    out.into_inner()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pdf_points_at_its_own_objects() {
        let pdf = String::from_utf8(super::pdf("A (title)", &["one", "two"])).expect("ASCII");
        let table: usize = pdf.rsplit("startxref\n").next().and_then(|t| t.lines().next()).and_then(|t| t.parse().ok()).expect("a number");
        assert!(pdf[table..].starts_with("xref\n0 7\n"));
        for (n, line) in pdf[table..].lines().skip(3).take(6).enumerate() {
            let place: usize = line[..10].parse().expect("a place");
            assert!(pdf[place..].starts_with(&format!("{} 0 obj", n + 1)), "{line}");
        }
    }

    #[test]
    fn the_picture_opens() {
        let picture = image::load_from_memory(&super::knee_picture()).expect("a PNG");
        assert_eq!((picture.width(), picture.height()), (300, 400));
    }
}
