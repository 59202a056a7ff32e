//! Element by element, and read back by an XML parser.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quick_xml::Reader;
use serde::Serialize;

use super::*;

fn text(root: &str, value: &(impl Serialize + ?Sized)) -> String {
    String::from_utf8(write(root, value).unwrap()).unwrap()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct User<'a> {
    user_name: &'a str,
    path: Option<&'a str>,
    tags: Vec<Tag<'a>>,
    create_date: claviger_shapes::Timestamp,
    is_attachable: bool,
    attachment_count: u32,
    status: Status,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
enum Status {
    Active,
}

#[test]
fn structures_lists_and_scalars() {
    let user = User {
        user_name: "a<b>&\"c\"",
        path: None,
        tags: vec![Tag { key: "k", value: "" }, Tag { key: "l", value: "ü" }],
        create_date: claviger_shapes::Timestamp::from_fraction(1_767_225_600.75).unwrap(),
        is_attachable: true,
        attachment_count: 3,
        status: Status::Active,
    };
    assert_eq!(
        text("User", &user),
        "<User><UserName>a&lt;b&gt;&amp;\"c\"</UserName><Tags><member><Key>k</Key><Value></Value></member><member>\
         <Key>l</Key><Value>ü</Value></member></Tags><CreateDate>2026-01-01T00:00:00Z</CreateDate><IsAttachable>true\
         </IsAttachable><AttachmentCount>3</AttachmentCount><Status>Active</Status></User>"
    );
}

#[test]
fn lists_maps_and_nothing() {
    assert_eq!(text("L", &Vec::<u8>::new()), "<L></L>");
    assert_eq!(text("L", &vec![vec![1], vec![]]), "<L><member><member>1</member></member><member></member></L>");
    assert_eq!(
        text("M", &BTreeMap::from([("a", 1), ("b", 2)])),
        "<M><entry><key>a</key><value>1</value></entry><entry><key>b</key><value>2</value></entry></M>"
    );
    assert_eq!(text("N", &None::<u8>), "");
    assert_eq!(text("N", &Some(7)), "<N>7</N>");
    assert_eq!(text("U", &()), "<U></U>");
}

#[test]
fn times_have_no_fraction() {
    for (seconds, iso) in
        [(0.0, "1970-01-01T00:00:00Z"), (-0.5, "1969-12-31T23:59:59Z"), (1.999, "1970-01-01T00:00:01Z")]
    {
        let time = claviger_shapes::Timestamp::from_fraction(seconds).unwrap();
        assert_eq!(text("T", &time), format!("<T>{iso}</T>"));
    }
    #[derive(Serialize)]
    struct Timestamp(&'static str);
    assert!(write("T", &Timestamp("now")).is_err());
}

#[test]
fn what_xml_cannot_carry_is_replaced() {
    assert_eq!(text("T", "a\0b\u{1}\u{fffe}c"), "<T>a\u{fffd}b\u{fffd}\u{fffd}c</T>");
    assert_eq!(text("T", "a\r\nb"), "<T>a&#13;\nb</T>");
    assert!(write("T", &Bytes).is_err());
}

struct Bytes;

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(b"raw")
    }
}

#[test]
fn documents_have_a_namespace() {
    let mut document = Document::new("R", Some("https://example.com/?a=1&b"));
    document.element("A", "1").unwrap();
    document.element("B", &None::<u8>).unwrap();
    let text = String::from_utf8(document.finish()).unwrap();
    assert_eq!(text, "<R xmlns=\"https://example.com/?a=1&amp;b\"><A>1</A></R>");
}

/// The text of the only element, as a parser reads it.
fn read_back(document: &[u8]) -> String {
    let mut reader = Reader::from_reader(document);
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().unwrap() {
                Some(c) => text.push(c),
                None => text.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap()),
            },
            Event::Eof => return text,
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn text_survives(written in any::<String>()) {
        let expected = written.replace(|c: char| c.is_control() && !"\t\n\r".contains(c) && (c as u32) < 0x20, "\u{fffd}");
        let expected = expected.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
        prop_assert_eq!(read_back(&write("T", &written).unwrap()), expected);
    }
}
