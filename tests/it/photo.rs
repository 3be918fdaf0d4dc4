//! The photograph of a person: taken in small and without what the camera wrote, shown to those who may open the chart, drawn
//! on the card, and taken away.

use crate::binary::files;
use crate::export_world::World as Filled;
use crate::web_world::{Answer, World, options, plain};
use axum::body::Body;
use axum::http::{StatusCode, header};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use keepwell::chart::photo;
use keepwell::import::worker::Worker;
use keepwell::share::card::{Card, Field, lock_screen, wallet};
use std::io::Cursor;
use std::process::Command;

const WHERE: &[u8] = b"Elm Street 12, second floor";

/// A picture that is red on the left and see-through on the right.
fn drawn(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut picture = RgbaImage::from_pixel(width, height, Rgba([200, 30, 40, 255]));
    for (x, _, pixel) in picture.enumerate_pixels_mut() {
        if x >= width / 2 {
            *pixel = Rgba([0, 0, 0, 0]);
        }
    }
    let picture = DynamicImage::ImageRgba8(picture);
    let picture = if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(picture.into_rgb8()) } else { picture };
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A JPEG as a camera writes it: turned by a quarter (orientation 6), and saying where it was taken.
fn from_a_camera() -> Vec<u8> {
    let jpeg = drawn(1200, 800, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(WHERE);
    let mut out = jpeg[..2].to_vec();
    out.extend_from_slice(b"\xff\xe1");
    out.extend_from_slice(&(exif.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(&exif);
    out.extend_from_slice(&jpeg[2..]);
    out
}

/// The first bytes of a PNG that says it is as large as a house.
fn endless() -> Vec<u8> {
    let mut png = drawn(4, 4, ImageFormat::Png);
    png[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    png
}

fn worker() -> Worker {
    Worker::new(env!("CARGO_BIN_EXE_keepwell"))
}

#[test]
fn it_is_drawn_anew_small_and_says_nothing_of_the_camera() {
    let world = Filled::new("Ruth Carver", "1954-03-14", "female");
    assert!(!photo::is_there(&world.chart));
    let camera = from_a_camera();
    assert!(memchr::memmem::find(&camera, WHERE).is_some());
    for (bytes, width, height) in
        [(camera, 240, 360), (drawn(90, 60, ImageFormat::Png), 90, 60), (drawn(400, 400, ImageFormat::WebP), 360, 360)]
    {
        photo::put(&world.chart, &worker(), &bytes).unwrap();
        let kept = photo::of(&world.chart).unwrap().unwrap();
        assert_eq!(image::guess_format(&kept).unwrap(), ImageFormat::Jpeg);
        for word in [WHERE, b"Exif"] {
            assert!(memchr::memmem::find(&kept, word).is_none());
        }
        let picture = image::load_from_memory(&kept).unwrap().into_rgb8();
        assert_eq!((picture.width(), picture.height()), (width, height));
        assert!(kept.len() < 60_000, "{} bytes", kept.len());
    }
    // What was see-through is paper.
    let picture = image::load_from_memory(&photo::of(&world.chart).unwrap().unwrap()).unwrap().into_rgb8();
    assert!(picture.get_pixel(300, 180).0.iter().all(|c| *c > 240) && picture.get_pixel(60, 180).0[0] > 150);
    let before = photo::of(&world.chart).unwrap();
    for wrong in [endless(), b"\xff\xd8\xff no picture".to_vec(), b"<svg onload='x'/>".to_vec(), drawn(9, 9, ImageFormat::Gif)] {
        let e = photo::put(&world.chart, &worker(), &wrong).unwrap_err();
        assert!(e.kind == keepwell::Kind::Refused && e.words().contains("Nothing was changed."), "{e:?}");
    }
    assert_eq!(photo::put(&world.chart, &worker(), &vec![0; photo::MOST_BYTES + 1]).unwrap_err().kind, keepwell::Kind::TooMuch);
    assert_eq!(photo::of(&world.chart).unwrap(), before);
    photo::remove(&world.chart).unwrap();
    photo::remove(&world.chart).unwrap();
    assert_eq!(photo::of(&world.chart).unwrap(), None);
}

fn pictures(pdf: &[u8]) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("card.pdf");
    std::fs::write(&file, pdf).unwrap();
    let listed = Command::new("pdfimages").arg("-list").arg(&file).output().expect("poppler-utils");
    String::from_utf8_lossy(&listed.stdout).lines().filter(|l| l.contains("jpeg")).count()
}

#[test]
fn the_card_shows_it_where_it_was_chosen() {
    let ruth = &keepwell::demo::household(jiff::civil::date(2026, 11, 2))[0];
    let filled = Filled::filled(ruth);
    let face = |card: &Card| card.face(filled.household(), &filled.chart).unwrap();
    let mut card = Card::of(&filled.chart).unwrap();
    assert!(face(&card).photo.is_empty() && pictures(&wallet(&face(&card), "#6a2c60").unwrap()) == 0);
    photo::put(&filled.chart, &worker(), &from_a_camera()).unwrap();
    let with = face(&card);
    assert!(!with.photo.is_empty());
    for pdf in [wallet(&with, "#6a2c60").unwrap(), lock_screen(&with, "#6a2c60").unwrap()] {
        assert_eq!(pictures(&pdf), 1);
        assert!(memchr::memmem::find(&pdf, b"Photo of Ruth").is_some() || memchr::memmem::find(&pdf, b"/Alt").is_some());
    }
    card.fields.remove(&Field::Photo);
    assert!(face(&card).photo.is_empty());
}

async fn send(world: &World, cookie: &str, name: &str, file: Option<&str>, bytes: &[u8]) -> Answer {
    let file = file.map(|f| format!("; filename=\"{f}\"")).unwrap_or_default();
    let mut body = format!("--X\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--X--\r\n");
    let mut request = plain("POST", &format!("/charts/{}/photo", world.chart), cookie, "");
    request.headers_mut().insert(header::CONTENT_TYPE, "multipart/form-data; boundary=X".parse().unwrap());
    *request.body_mut() = Body::from(body);
    world.send(request).await
}

#[tokio::test]
async fn the_page_takes_it_shows_it_and_takes_it_away() {
    let world = World::new(keepwell::web::Options { worker: env!("CARGO_BIN_EXE_keepwell").into(), ..options() });
    let cookie = world.sign_in().await;
    let (card, place) = (format!("/charts/{}/card", world.chart), format!("/charts/{}/photo", world.chart));
    assert_eq!(world.get(&place, &cookie).await.status, StatusCode::NOT_FOUND);
    assert!(!world.get(&card, &cookie).await.text().contains("<img"));
    for (name, file, bytes, status) in [
        ("photo", Some("a.jpg"), from_a_camera(), StatusCode::SEE_OTHER),
        ("photo", Some(""), Vec::new(), StatusCode::BAD_REQUEST),
        ("photo", Some("a.jpg"), b"no picture".to_vec(), StatusCode::UNPROCESSABLE_ENTITY),
        ("other", None, b"x".to_vec(), StatusCode::BAD_REQUEST),
    ] {
        let answer = send(&world, &cookie, name, file, &bytes).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let large = send(&world, &cookie, "photo", Some("a.jpg"), &vec![0; photo::MOST_BYTES + (1 << 17)]).await;
    assert!(large.status.is_client_error(), "{}", large.status);
    let shown = world.get(&place, &cookie).await;
    assert_eq!((shown.status, shown.header("content-type"), shown.header("cache-control")), (StatusCode::OK, "image/jpeg", "no-store"));
    assert!(shown.body.starts_with(b"\xff\xd8\xff"));
    let page = world.get(&card, &cookie).await.text();
    assert!(page.contains("alt=\"Photo of Ruth Carver\"") && page.contains("class=\"disc\""), "{page}");
    // Encrypted: no file of the vault holds the first bytes of its picture.
    let piece = &shown.body[600..640];
    for file in files(&world.vault()) {
        assert!(memchr::memmem::find(&std::fs::read(&file).unwrap(), piece).is_none(), "{}", file.display());
    }
    // Off the card, and still there.
    world.post(&card, &cookie, "field=allergies").await;
    let page = world.get(&card, &cookie).await.text();
    assert!(!page.contains("wallet-photo") && page.contains("Remove the photo"), "{page}");
    assert_eq!(send(&world, &cookie, "act", None, b"remove").await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get(&place, &cookie).await.status, StatusCode::NOT_FOUND);
    let activity = world.get(&format!("/charts/{}/activity", world.chart), &cookie).await.text();
    assert!(activity.contains("photo"), "{activity}");
}
