//! What is served beside pages: one stylesheet, one for paper, one small script, the mark. Named by their hash, so that a
//! browser may keep them for ever. Icons are drawn into the page out of the sprite: no second request, no address to know.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets/css/"]
struct Components;

/// The components in the order in which a later one may override an earlier.
const COMPONENTS: &[&str] = &[
    "tokens",
    "ground",
    "icon",
    "skip-link",
    "brand",
    "person-band",
    "disc",
    "switcher",
    "frame",
    "side-nav",
    "bottom-bar-and-foot-nav",
    "breadcrumbs",
    "page-head",
    "section",
    "card",
    "task",
    "row",
    "facts",
    "pill",
    "number-line",
    "spark",
    "big-value",
    "trend",
    "table",
    "button",
    "form",
    "notice",
    "empty",
    "progress",
    "dialog-as-page",
    "day",
    "timeline",
    "paper",
    "record",
    "sum",
    "thread",
    "sides",
    "code-to-scan",
    "summary-sheet",
    "wallet-card",
    "lock-screen",
    "search",
    "sheet-of-paper",
    "page-helpers",
    "viewer",
    "print-head",
    "forced-colours",
    "movement",
];

/// One served file.
#[derive(Debug)]
struct Asset {
    name: String,
    mime: &'static str,
    body: Vec<u8>,
}

impl Asset {
    fn new(stem: &str, extension: &str, mime: &'static str, body: Vec<u8>) -> Self {
        let hash = blake3::hash(&body).to_hex();
        Self { name: format!("{stem}-{}.{extension}", &hash[..16]), mime, body }
    }
}

#[derive(Debug)]
struct Assets {
    sheet: Asset,
    paper: Asset,
    script: Asset,
    viewer: Asset,
    mark: Asset,
    /// `id` of a symbol to its view box and what it draws.
    symbols: BTreeMap<String, (String, String)>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let sheet = COMPONENTS.iter().flat_map(|name| component(name)).collect();
    Assets {
        sheet: Asset::new("keepwell", "css", "text/css; charset=utf-8", sheet),
        paper: Asset::new("paper", "css", "text/css; charset=utf-8", include_bytes!("../../assets/print.css").to_vec()),
        script: Asset::new("keepwell", "js", "text/javascript; charset=utf-8", include_bytes!("../../assets/keepwell.js").to_vec()),
        viewer: Asset::new("viewer", "js", "text/javascript; charset=utf-8", crate::share::viewer_script().into_bytes()),
        mark: Asset::new("mark", "svg", "image/svg+xml", include_bytes!("../../assets/mark.svg").to_vec()),
        symbols: symbols(include_str!("../../assets/icons.svg")),
    }
});

fn component(name: &str) -> Vec<u8> {
    Components::get(&format!("{name}.css")).map(|f| f.data.into_owned()).unwrap_or_default()
}

fn symbols(sprite: &str) -> BTreeMap<String, (String, String)> {
    let mut out = BTreeMap::new();
    for part in sprite.split("<symbol ").skip(1) {
        let attribute = |name: &str| part.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split_once('"')).map(|(v, _)| v);
        let drawing = part.split_once('>').and_then(|(_, rest)| rest.split_once("</symbol>")).map(|(d, _)| d);
        if let (Some(id), Some(view), Some(drawing)) = (attribute("id"), attribute("viewBox"), drawing) {
            out.insert(id.to_owned(), (view.to_owned(), drawing.to_owned()));
        }
    }
    out
}

/// The view box and the drawing of a symbol of the sprite; nothing for a name that is not in it.
pub(crate) fn symbol(id: &str) -> Option<(&'static str, &'static str)> {
    ASSETS.symbols.get(id).map(|(view, drawing)| (view.as_str(), drawing.as_str()))
}

/// Names of the files that every page links: stylesheet, paper, script, mark.
pub(crate) struct Names {
    /// The stylesheet.
    pub(crate) sheet: &'static str,
    /// The stylesheet for paper.
    pub(crate) paper: &'static str,
    /// The script.
    pub(crate) script: &'static str,
    /// The script of the viewer of links.
    pub(crate) viewer: &'static str,
    /// The mark.
    pub(crate) mark: &'static str,
}

/// What pages link.
pub(crate) fn names() -> Names {
    let all = &*ASSETS;
    Names { sheet: &all.sheet.name, paper: &all.paper.name, script: &all.script.name, viewer: &all.viewer.name, mark: &all.mark.name }
}

/// Serves one file by its hashed name.
pub(crate) async fn serve(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    let all = &*ASSETS;
    let Some(asset) = [&all.sheet, &all.paper, &all.script, &all.viewer, &all.mark].into_iter().find(|a| a.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [(header::CONTENT_TYPE, asset.mime), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.body.as_slice()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_is_there_and_none_is_forgotten() {
        let mut on_disk: Vec<String> = Components::iter().filter_map(|f| f.strip_suffix(".css").map(str::to_owned)).collect();
        let mut listed: Vec<String> = COMPONENTS.iter().map(|c| (*c).to_owned()).collect();
        on_disk.sort();
        listed.sort();
        assert_eq!(on_disk, listed);
    }

    #[test]
    fn the_sprite_is_read() {
        assert!(symbol("i-home").is_some_and(|(view, drawing)| view == "0 0 24 24" && drawing.starts_with("<path")));
        assert!(symbol("s-up").is_some_and(|(view, _)| view == "0 0 10 10"));
        assert!(symbol("i-nothing").is_none());
    }

    #[test]
    fn only_the_tokens_and_cards_that_stay_white_name_a_colour() {
        for name in COMPONENTS.iter().filter(|n| !matches!(**n, "tokens" | "wallet-card" | "lock-screen" | "code-to-scan" | "person-band"))
        {
            let css = String::from_utf8(component(name)).expect("text");
            let colours: Vec<&str> = css.split('#').skip(1).filter(|after| after.chars().take(3).all(|c| c.is_ascii_hexdigit())).collect();
            assert!(colours.is_empty(), "{name}: {colours:?}");
        }
    }
}
