//! Documents made by code, for tests.

/// A PDF of pages with one line each.
pub(crate) fn pdf(lines: &[&str]) -> Vec<u8> {
    let pages: Vec<Vec<u8>> = lines.iter().map(|l| format!("BT /F1 24 Tf 60 700 Td ({l}) Tj ET").into_bytes()).collect();
    pdf_of(&pages, "/Font<</F1 3 0 R>>", &[])
}

/// A PDF of pages with these content streams.
pub(crate) fn pdf_of(pages: &[Vec<u8>], resources: &str, more: &[Vec<u8>]) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        {
            let kids: Vec<String> = (0..pages.len()).map(|n| format!("{} 0 R", 5 + n * 2)).collect();
            format!("<</Type/Pages/Count {}/Kids[{}]>>", pages.len(), kids.join(" ")).into_bytes()
        },
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
        b"<</Title(Discharge letter)/CreationDate(D:20190324101112+01'00')>>".to_vec(),
    ];
    for (n, page) in pages.iter().enumerate() {
        let text = format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<{resources}>>/Contents {} 0 R>>", 6 + n * 2);
        objects.push(text.into_bytes());
        objects.push(stream("", page));
    }
    objects.extend_from_slice(more);
    pdf_objects(&objects)
}

/// A stream object with these entries beside its length.
pub(crate) fn stream(entries: &str, bytes: &[u8]) -> Vec<u8> {
    [format!("<<{entries}/Length {}>>stream\n", bytes.len()).as_bytes(), bytes, b"\nendstream"].concat()
}

/// A PDF of these objects, numbered from 1: the catalog first, the information fourth.
pub(crate) fn pdf_objects(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", n + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let xref = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
    for place in &places {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    out.extend(format!("trailer<</Size {}/Root 1 0 R/Info 4 0 R>>\nstartxref\n{xref}\n%%EOF\n", places.len() + 1).bytes());
    out
}
