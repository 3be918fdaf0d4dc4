//! HTML made harmless, and HTML as plain text. What comes out may stand in a page: no script, no style, no form, nothing
//! fetched from anywhere.

mod tags;

use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::collections::HashSet;
use tags::{Tag, Tags};

/// Elements open at once beyond which HTML is shown as plain text: no author nests so deep, and parsers slow down.
const DEPTH: usize = 500;
/// Bytes beyond which HTML is shown as plain text.
const LARGEST: usize = 8 << 20;

/// A document that somebody wrote as HTML: its formatting and tables stay, pictures only where the document itself holds
/// them (PNG or JPEG), links only to https.
pub fn clean_document(html: &str) -> String {
    clean(html, true)
}

/// The narrative of a resource or of a section (FHIR R4 Narrative; C-CDA text turned into XHTML): text, lists and tables
/// with their spans and header cells.
pub fn clean_narrative(div: &str) -> String {
    clean(div, false)
}

fn clean(html: &str, pictures: bool) -> String {
    if html.len() > LARGEST || is_too_deep(html) {
        return text_to_html(&to_text(html));
    }
    let mut builder = Builder::default();
    builder
        .add_tags(["caption", "col", "colgroup", "tbody", "tfoot", "thead", "font", "dl", "dt", "dd", "small", "u"])
        .rm_tags(["map", "area"])
        .add_clean_content_tags(["title", "template", "noscript", "iframe", "object", "embed", "svg", "math", "select", "textarea"])
        .add_tag_attributes("td", ["colspan", "rowspan", "headers", "scope", "abbr"])
        .add_tag_attributes("th", ["colspan", "rowspan", "headers", "scope", "abbr", "id"])
        .add_tag_attributes("ol", ["start", "type"])
        .url_schemes(HashSet::from(["https", "data"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(move |element, attribute, value| filter(element, attribute, value, pictures));
    if !pictures {
        builder.rm_tags(["img"]);
    }
    builder.clean(html).to_string()
}

/// Ids keep apart from those of the page around; addresses are https, pictures the document's own.
fn filter<'u>(element: &str, attribute: &str, value: &'u str, pictures: bool) -> Option<Cow<'u, str>> {
    match (element, attribute) {
        ("th", "id") => Some(format!("n-{}", value.trim()).into()),
        (_, "headers") => Some(value.split_whitespace().map(|id| format!("n-{id}")).collect::<Vec<_>>().join(" ").into()),
        ("img", "src") => {
            let head: String = value.trim_start().chars().take(30).collect::<String>().to_ascii_lowercase();
            let own = ["data:image/png;base64,", "data:image/jpeg;base64,"].iter().any(|kind| head.starts_with(kind));
            (pictures && own).then_some(value.into())
        }
        (_, "href" | "src" | "cite" | "action" | "background" | "longdesc") => {
            let head: String = value.trim_start().chars().take(8).collect();
            head.eq_ignore_ascii_case("https://").then_some(value.into())
        }
        _ => Some(value.into()),
    }
}

/// Void elements, and those whose end tag is commonly left out.
const UNCLOSED: &[&str] = &[
    "br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base", "p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody",
    "thead", "tfoot", "colgroup",
];

fn is_too_deep(html: &str) -> bool {
    let mut depth = 0usize;
    for tag in Tags::of(html) {
        match tag {
            Tag::Open { name, closed: false, .. } if !UNCLOSED.contains(&name.as_str()) => depth += 1,
            Tag::Close { name } if !UNCLOSED.contains(&name.as_str()) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return true;
        }
    }
    false
}

/// Plain text as HTML: paragraphs where blank lines stand, line breaks where lines end.
pub fn text_to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut open = false;
    for line in text.split('\n') {
        match (line.trim().is_empty(), open) {
            (true, true) => {
                out.push_str("</p>\n");
                open = false;
            }
            (true, false) => {}
            (false, _) => {
                out.push_str(if open { "<br>\n" } else { "<p>" });
                out.push_str(&escape(line.trim_end()));
                open = true;
            }
        }
    }
    if open {
        out.push_str("</p>\n");
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text of HTML: tags gone, blocks on lines of their own, cells of a table apart, scripts and styles left out.
pub fn to_text(html: &str) -> String {
    let mut out = String::new();
    let mut hidden: Option<String> = None;
    for tag in Tags::of(html) {
        match tag {
            Tag::Text(text) if hidden.is_none() => push_text(&mut out, text),
            Tag::Text(_) => {}
            Tag::Open { name, closed, .. } => {
                if hidden.is_none() && !closed && matches!(name.as_str(), "script" | "style" | "template" | "head") {
                    hidden = Some(name);
                } else if hidden.is_some() && name == "body" {
                    hidden = None;
                } else {
                    break_for(&mut out, &name);
                }
            }
            Tag::Close { name } => {
                if hidden.as_deref() == Some(name.as_str()) {
                    hidden = None;
                } else {
                    break_for(&mut out, &name);
                }
            }
        }
    }
    let lines: Vec<&str> = out.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    lines.join("\n")
}

fn break_for(out: &mut String, name: &str) {
    match name {
        "td" | "th" => out.push('\t'),
        "p" | "div" | "br" | "tr" | "li" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "dt" | "dd" | "hr"
        | "pre" | "blockquote" | "section" | "article" | "header" | "footer" | "caption" | "thead" | "tbody" | "tfoot" | "title"
        | "paragraph" | "item" | "list" => out.push('\n'),
        _ => {}
    }
}

fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        collapse(out, &rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| entity(rest.get(1..end)?).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(if c == '\u{a0}' { ' ' } else { c });
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    collapse(out, rest);
}

fn collapse(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            c if !c.is_whitespace() => out.push(c),
            _ if out.ends_with([' ', '\n', '\t']) || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control() || c.is_whitespace());
    }
    const NAMED: &[(&str, char)] = &[
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("deg", '°'),
        ("micro", 'µ'),
        ("plusmn", '±'),
        ("times", '×'),
        ("frac12", '½'),
        ("le", '≤'),
        ("ge", '≥'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("hellip", '…'),
        ("bull", '•'),
        ("middot", '·'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("auml", 'ä'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("Auml", 'Ä'),
        ("Ouml", 'Ö'),
        ("Uuml", 'Ü'),
        ("szlig", 'ß'),
        ("eacute", 'é'),
        ("egrave", 'è'),
        ("agrave", 'à'),
        ("aacute", 'á'),
        ("iacute", 'í'),
        ("oacute", 'ó'),
        ("uacute", 'ú'),
        ("ntilde", 'ñ'),
        ("ccedil", 'ç'),
        ("ecirc", 'ê'),
        ("ocirc", 'ô'),
        ("acirc", 'â'),
        ("aring", 'å'),
        ("oslash", 'ø'),
        ("copy", '©'),
        ("reg", '®'),
        ("trade", '™'),
        ("sect", '§'),
        ("euro", '€'),
        ("pound", '£'),
        ("alpha", 'α'),
        ("beta", 'β'),
        ("mu", 'μ'),
    ];
    NAMED.iter().find(|(n, _)| *n == name).map(|(_, c)| *c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_harmful_is_left() {
        let hostile = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<img src='https://evil.example/pixel.png'>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href=' JAVAscript:alert(1)'>x</a>",
            "<a href='data:text/html,x'>x</a>",
            "<form action='https://evil.example'><input name=a></form>",
            "<iframe src='https://evil.example'></iframe>",
            "<style>@import 'https://evil.example'</style>",
            "<p style='background:url(https://evil.example)'>x</p>",
            "<svg><script>alert(1)</script></svg>",
            "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
            "<link rel=stylesheet href='https://evil.example/x.css'>",
            "<meta http-equiv=refresh content='0;url=https://evil.example'>",
            "<base href='https://evil.example'>",
            "<table background='https://evil.example'><tr><td>x</table>",
            "<video src='https://evil.example/a.mp4'></video>",
            "<p id=x onclick=alert(1) class=y>x</p>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<img src='data:image/svg+xml;base64,AAAA'>",
            "<object data='https://evil.example'></object>",
            "<a href='http://plain.example/'>x</a>",
            "<a href='//evil.example'>x</a>",
        ];
        for html in hostile {
            for clean in [clean_document(html), clean_narrative(html)] {
                let lower = clean.to_ascii_lowercase();
                for bad in
                    ["script", "evil", "onerror", "onclick", "style", "<form", "<input", "javascript", "data:", "http:", "id=", "class="]
                {
                    assert!(!lower.contains(bad), "{html} -> {clean}");
                }
            }
        }
    }

    #[test]
    fn what_is_harmless_stays() {
        let table = "<table><thead><tr><th id=\"a\" colspan=\"2\">Test</th></tr></thead><tbody><tr><td headers=\"a b\" rowspan=\"2\">4.1</td></tr></tbody></table>";
        let clean = clean_narrative(table);
        assert!(clean.contains("<th id=\"n-a\" colspan=\"2\">") && clean.contains("headers=\"n-a n-b\" rowspan=\"2\""), "{clean}");
        let link =
            clean_document("<p>See <a href=\"https://example.org/x\">this</a> <img alt=\"Scan\" src=\"data:image/png;base64,AAAA\"></p>");
        assert!(link.contains("rel=\"noopener noreferrer nofollow\"") && link.contains("data:image/png;base64,AAAA"), "{link}");
        assert!(!clean_narrative("<img src=\"data:image/png;base64,AAAA\">").contains("img"));
    }

    #[test]
    fn deep_nesting_ends_as_text_and_soon() {
        let started = std::time::Instant::now();
        let deep = format!("{}Take one a day & rest{}", "<div><b>".repeat(200_000), "</b></div>".repeat(200_000));
        assert_eq!(clean_document(&deep), "<p>Take one a day &amp; rest</p>\n");
        assert!(started.elapsed().as_secs() < 5);
    }

    #[test]
    fn text_of_html() {
        let html = "<html><head><title>T</title><style>p{}</style></head><body><h1>Visit&nbsp;note</h1>\n<p>Dose  &lt; 5&#8239;mg<br>twice &amp; more</p>\
                    <script>if (a<b) x('</p>')</script><table><tr><td>Na</td><td>140</td></tr></table><a title='a>b'>end</a> 3 < 4</body></html>";
        assert_eq!(to_text(html), "Visit note\nDose < 5\u{202f}mg\ntwice & more\nNa\t\t140\nend 3 < 4");
        assert_eq!(to_text("<p unclosed"), "");
        assert_eq!(to_text("&bogus; &#0; &#x110000; é&"), "&bogus; &#0; &#x110000; é&");
    }

    #[test]
    fn no_html_is_too_odd() {
        let html = "<p title='é>'>&auml;&#xé;<script>é</scr<!-- é --></script><td/>é<b";
        for from in (0..html.len()).filter(|at| html.is_char_boundary(*at)) {
            for to in (from..=html.len()).filter(|at| html.is_char_boundary(*at)) {
                let part = &html[from..to];
                let clean = clean_document(part);
                assert!(to_text(part).len() <= part.len() && !clean.contains("<script"), "{part}");
            }
        }
    }

    #[test]
    fn text_becomes_paragraphs() {
        assert_eq!(text_to_html("Dear <Ann>,\r\nall well.\n\n\nYours"), "<p>Dear &lt;Ann&gt;,<br>\nall well.</p>\n<p>Yours</p>\n");
    }
}
