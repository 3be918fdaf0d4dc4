//! Every page of a large chart through the real router: found by following links from the home page, one of each shape.

use crate::world::{MEMBER, PASSPHRASE, World};
use crate::{line, median, milliseconds, percentile_95};
use axum::body::Body;
use axum::http::{Request, header};
use keepwell::import::Limits;
use keepwell::vault::{Act, Actor, Event};
use keepwell::web::{App, Options, router};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// Requests for each page.
const TIMES: usize = 21;

struct Browser {
    app: Arc<App>,
    cookie: String,
    runtime: tokio::runtime::Runtime,
}

impl Browser {
    fn send(&self, request: Request<Body>) -> (u16, String, String) {
        self.runtime.block_on(async {
            let response = router(Arc::clone(&self.app)).oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let cookie = response.headers().get(header::SET_COOKIE).and_then(|c| c.to_str().ok()).unwrap_or("").to_owned();
            let body = axum::body::to_bytes(response.into_body(), 256 << 20).await.unwrap();
            (status, cookie, String::from_utf8_lossy(&body).into_owned())
        })
    }

    fn get(&self, path: &str) -> (u16, String) {
        let request = Request::get(path).header("host", "localhost:8787").header("cookie", &self.cookie).body(Body::empty()).unwrap();
        let (status, _, body) = self.send(request);
        (status, body)
    }

    fn sign_in(&mut self) {
        let form = format!("name={MEMBER}&passphrase={}", PASSPHRASE.replace(' ', "+"));
        let request = Request::post("/sign-in")
            .header("host", "localhost:8787")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        let (_, cookie, _) = self.send(request);
        self.cookie = cookie.split(';').next().unwrap_or("").to_owned();
        assert!(!self.cookie.is_empty(), "signed in");
    }

    fn time(&self, path: &str) -> Vec<Duration> {
        (0..TIMES)
            .map(|_| {
                let begun = Instant::now();
                std::hint::black_box(self.get(path));
                begun.elapsed()
            })
            .collect()
    }
}

pub(crate) fn measure(world: World) {
    let searches = search(&world);
    let home = format!("/charts/{}", world.person);
    busy_day(&world);
    let options = Options {
        base_url: None,
        trusted_proxies: Vec::new(),
        tls: None,
        limits: Limits::default(),
        worker: env!("CARGO_BIN_EXE_keepwell").into(),
        idle: Duration::from_secs(3600),
        fresh: Duration::from_secs(3600),
        backups: keepwell::web::BackupPlan { at: None, ..Default::default() },
    };
    let app = App::new(world.into_household(), options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut browser = Browser { app, cookie: String::new(), runtime };
    browser.sign_in();
    let found = crawl(&browser, &home);
    let mut all = Vec::new();
    let mut slowest: (Duration, String) = Default::default();
    println!();
    for (shape, path) in &found {
        let times = browser.time(path);
        let middle = median(times.clone());
        line(&format!("Page {shape}"), &milliseconds(middle), &format!("95 of 100 under {}", milliseconds(percentile_95(times))));
        all.push(middle);
        if middle > slowest.0 {
            slowest = (middle, shape.clone());
        }
    }
    line(&format!("All {} pages, median of their medians", all.len()), &milliseconds(median(all)), "under 10 ms each");
    line(&format!("  slowest: {}", slowest.1), &milliseconds(slowest.0), "");
    let day = browser.time(&format!("{home}/activity"));
    line("Activity of a day with 10,000 entries", &milliseconds(median(day)), "under 50 ms");
    line("Search in the chart, median", &milliseconds(median(searches.clone())), "under 20 ms");
    line("  95 of 100", &milliseconds(percentile_95(searches)), "");
}

/// A day on which somebody looked 10,000 times.
fn busy_day(world: &World) {
    let begun = Instant::now();
    for rid in 0..10_000 {
        let looked = Event::new(Actor::member("m", if rid % 7 == 0 { "Dana" } else { MEMBER }), Act::LookedRecord).about(rid % 500 + 1);
        world.chart().log(&looked).unwrap();
    }
    line("Writing down one look, durable", &milliseconds(begun.elapsed() / 10_000), "");
    let begun = Instant::now();
    assert_eq!(world.chart().verify_activity().unwrap().fault, None);
    line("Walking the chain of 10,000 entries", &milliseconds(begun.elapsed()), "");
}

/// One address of each shape that can be reached by links: `/charts/*/results/*` stands for the page of any one test.
fn crawl(browser: &Browser, home: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut queue = VecDeque::from([home.to_owned()]);
    while let Some(path) = queue.pop_front() {
        let shape = shape_of(&path, home);
        if found.contains_key(&shape) || found.len() >= 200 {
            continue;
        }
        let (status, body) = browser.get(&path);
        if status != 200 {
            continue;
        }
        found.insert(shape, path.clone());
        for link in body.split("href=\"").skip(1).filter_map(|l| l.split('"').next()) {
            let link = link.replace("&amp;", "&");
            let link = link.split('#').next().unwrap_or("").to_owned();
            // Downloads are no pages.
            if link.starts_with(home) && !["original", "export", "print.css", "download"].iter().any(|w| link.contains(w)) {
                queue.push_back(link);
            }
        }
    }
    found
}

/// The path below the chart with numbers, ids and codes as stars, and the names of what is asked for.
fn shape_of(path: &str, home: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let below = path.strip_prefix(home).unwrap_or(path);
    let part =
        |p: &str| if p.bytes().any(|b| b.is_ascii_digit()) || p.contains('%') || p.len() > 24 { "*".to_owned() } else { p.to_owned() };
    let path = below.split('/').map(part).collect::<Vec<_>>().join("/");
    let names: Vec<&str> = query.split('&').filter_map(|p| p.split('=').next()).filter(|n| !n.is_empty()).collect();
    let path = if path.is_empty() { "/ (home)".to_owned() } else { path };
    if names.is_empty() { path } else { format!("{path}?{}", names.join("&")) }
}

fn search(world: &World) -> Vec<Duration> {
    let words = [
        "metformin",
        "hemoglobin a1c",
        "swollen ank",
        "creatinin",
        "diabetes check",
        "flu vaccine",
        "raman",
        "glucosee",
        "potassium 4",
        "zz",
    ];
    (0..5)
        .flat_map(|_| words)
        .map(|text| {
            let begun = Instant::now();
            std::hint::black_box(world.chart().search(text, 20).unwrap());
            begun.elapsed()
        })
        .collect()
}
