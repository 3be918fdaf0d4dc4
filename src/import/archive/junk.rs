//! What archives carry beside records: files of operating systems, viewers that portals pack along, tables of contents.
//! It is named in the report and not counted. Anything that could be a record is not junk.

use crate::import::sniff::Format;

/// Where the files of an IHE XDM tree are: the folders that hold `IHE_XDM`, each with a trailing slash, or "".
#[derive(Debug, Default)]
pub(super) struct Trees(Vec<String>);

impl Trees {
    pub(super) fn find<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut roots = Vec::new();
        for path in paths {
            let mut at = 0;
            for part in path.split('/') {
                // A file of that name is not a tree.
                if part.eq_ignore_ascii_case("IHE_XDM") && at + part.len() < path.len() {
                    let root = path.get(..at).unwrap_or_default().to_owned();
                    if !roots.contains(&root) && !is_mac(path) {
                        roots.push(root);
                    }
                    break;
                }
                at += part.len() + 1;
            }
        }
        Self(roots)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path below the nearest root, and whether that lies inside `IHE_XDM`.
    fn below<'a>(&self, path: &'a str) -> Option<(&'a str, bool)> {
        let root = self.0.iter().filter(|r| path.starts_with(r.as_str())).max_by_key(|r| r.len())?;
        let rest = path.get(root.len()..)?;
        let inside = rest.split('/').next().is_some_and(|p| p.eq_ignore_ascii_case("IHE_XDM")) && rest.contains('/');
        Some((rest, inside))
    }

    /// Whether it is the table of contents of a submission set.
    pub(super) fn is_contents(&self, path: &str) -> bool {
        last(path).eq_ignore_ascii_case("METADATA.XML") && self.below(path).is_some_and(|(_, inside)| inside)
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_mac(path: &str) -> bool {
    path.split('/').any(|p| p == "__MACOSX")
}

/// Junk that its name alone gives away.
pub(super) fn by_name(path: &str, trees: &Trees) -> Option<&'static str> {
    let name = last(path).to_ascii_lowercase();
    if is_mac(path) || name == ".ds_store" || name.starts_with("._") {
        return Some("A file that macOS adds to folders. It holds no records and was ignored.");
    }
    if matches!(name.as_str(), "thumbs.db" | "desktop.ini" | "autorun.inf") {
        return Some("A file that Windows adds to folders. It holds no records and was ignored.");
    }
    let (below, _) = trees.below(path)?;
    if matches!(below.to_ascii_uppercase().as_str(), "INDEX.HTM" | "INDEX.HTML" | "README.TXT" | "README") {
        return Some("The cover page of the download. It holds no records and was ignored.");
    }
    None
}

/// Junk by its content, with its name and place where the content alone could be a record. `listed` says that the
/// archive's table of contents names it as a document.
pub(super) fn by_content(path: &str, format: Format, head: &[u8], trees: &Trees, listed: bool) -> Option<&'static str> {
    const VIEWER: &str = "A part of the viewer that came with the download. It holds no records and was ignored.";
    const STYLE: &str = "A stylesheet: it says how a document looks, and holds no records. It was ignored.";
    const PROGRAM: &str = "A program or script. Keepwell never runs or keeps these. It was ignored.";
    if listed {
        return None;
    }
    let name = last(path).to_ascii_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, e)| e);
    match format {
        Format::Unknown("a stylesheet") => return Some(STYLE),
        Format::Unknown("a program") => return Some(PROGRAM),
        Format::Unknown("a digital signature") => {
            return Some("A digital signature of other files. It holds no records and was ignored.");
        }
        Format::Unknown("a macOS folder file") => {
            return Some("A file that macOS adds to folders. It holds no records and was ignored.");
        }
        Format::Unknown("a font" | "an icon") => return Some(VIEWER),
        // The table of contents of a tree that lies elsewhere, or a copy of it.
        Format::Unknown("the table of contents of a health record archive (XDM)") => {
            return Some("A table of contents. It holds no records of its own and was ignored.");
        }
        Format::Text | Format::Html if ending == "css" && looks_like_style(head) => return Some(STYLE),
        Format::Text | Format::Html | Format::FhirJson if matches!(ending, "js" | "mjs" | "vbs" | "bat" | "cmd" | "sh") => {
            return Some(PROGRAM);
        }
        _ => {}
    }
    // Beside the IHE_XDM folder a portal packs its viewer (HTML/IMAGES, HTML/STYLE): pictures and pages there are its own.
    let (below, inside) = trees.below(path)?;
    let viewer = below.split('/').next().is_some_and(|p| {
        ["html", "images", "img", "style", "styles", "css", "js", "scripts", "fonts", "viewer", "resources", "res"]
            .iter()
            .any(|n| p.eq_ignore_ascii_case(n))
    }) && below.contains('/');
    let shown = matches!(format, Format::Image(_) | Format::Html | Format::Text | Format::Kept("image/svg+xml", _));
    (!inside && viewer && shown).then_some(VIEWER)
}

fn looks_like_style(head: &[u8]) -> bool {
    head.contains(&b'{') && head.contains(&b'}') || head.starts_with(b"@") || head.starts_with(b"/*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees() -> Trees {
        Trees::find(["Ccda/IHE_XDM/SUBSET01/A.XML", "IHE_XDM/", "__MACOSX/x/IHE_XDM/._y", "docs/IHE_XDM"].into_iter())
    }

    #[test]
    fn finds_the_trees() {
        assert_eq!(trees().0, ["Ccda/", ""]);
        assert!(trees().is_contents("Ccda/IHE_XDM/SUBSET01/METADATA.XML"));
        assert!(!trees().is_contents("METADATA.XML"));
    }

    #[test]
    fn cover_pages_are_junk_and_letters_are_not() {
        for junk in ["INDEX.HTM", "Ccda/README.TXT", "a/.DS_Store", "__MACOSX/IHE_XDM/._A.XML", "Thumbs.db"] {
            assert!(by_name(junk, &trees()).is_some(), "{junk}");
        }
        for kept in ["IHE_XDM/SUBSET01/README.TXT", "letters/README.TXT", "Ccda/letter.txt"] {
            assert!(by_name(kept, &trees()).is_none(), "{kept}");
        }
        assert!(by_name("README.TXT", &Trees::default()).is_none(), "a readme without a tree may be a letter");
    }

    #[test]
    fn viewers_are_junk_and_listed_pictures_are_not() {
        let png = Format::Image("image/png");
        assert!(by_content("Ccda/HTML/IMAGES/logo.png", png, b"", &trees(), false).is_some());
        assert!(by_content("IHE_XDM/SUBSET01/XRAY.PNG", png, b"", &trees(), false).is_none());
        assert!(by_content("IHE_XDM/SUBSET01/CDA.CSS", Format::Text, b"td { color: red }", &trees(), false).is_some());
        assert!(by_content("IHE_XDM/SUBSET01/CDA.CSS", Format::Text, b"td { color: red }", &trees(), true).is_none());
        assert!(by_content("HTML/visit.xml", Format::Ccda, b"", &trees(), false).is_none(), "a record is never junk");
        assert!(by_content("scan.png", png, b"", &Trees::default(), false).is_none());
    }
}
