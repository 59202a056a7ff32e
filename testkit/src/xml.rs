//! The XML of Query services as JSON values, so that tests read both alike.

use anyhow::{Context, bail};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

/// What an answer says: the content of `ActionResult`, or the error as JSON services write one.
pub(crate) fn answer(text: &str, action: &str) -> anyhow::Result<Value> {
    let mut document = parse(text)?;
    if let Some(error) = document.get("Error") {
        return Ok(json!({ "__type": error["Code"], "message": error["Message"] }));
    }
    Ok(document.get_mut(format!("{action}Result")).map(Value::take).unwrap_or_default())
}

/// The content of the root element.
fn parse(text: &str) -> anyhow::Result<Value> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event()? {
            Event::Start(_) => return element(&mut reader),
            Event::Eof => bail!("no element"),
            _ => {}
        }
    }
}

/// What stands up to the end of an element that was just opened.
fn element(reader: &mut Reader<&[u8]>) -> anyhow::Result<Value> {
    let (mut text, mut children) = (String::new(), Vec::new());
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                children.push((name, element(reader)?));
            }
            Event::Empty(start) => children.push((start.local_name().as_ref().to_owned(), json!(""))),
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(&unescape(&format!("&{};", &*name))?),
            Event::End(_) => break,
            Event::Eof => bail!("an element without its end"),
            _ => {}
        }
    }
    if children.is_empty() {
        return Ok(text.into());
    }
    if children.iter().all(|(name, _)| name == "member") {
        return Ok(children.into_iter().map(|(_, value)| value).collect());
    }
    if children.iter().all(|(name, _)| name == "entry") {
        return children
            .into_iter()
            .map(|(_, entry)| pair(entry))
            .collect::<anyhow::Result<Map<_, _>>>()
            .map(Value::from);
    }
    Ok(Value::Object(children.into_iter().collect()))
}

/// Key and value of a map's entry.
fn pair(mut entry: Value) -> anyhow::Result<(String, Value)> {
    let key = entry["key"].as_str().context("an entry without a key")?.to_owned();
    Ok((key, entry["value"].take()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_lists_maps_and_errors() {
        let text = "<?xml version=\"1.0\"?><GetXResponse xmlns=\"n\"><GetXResult><A>1 &lt; 2&#10;</A><L><member>a</member>\
                    <member><B>b</B></member></L><M><entry><key>k</key><value>v</value></entry></M><E/></GetXResult>\
                    <ResponseMetadata><RequestId>i</RequestId></ResponseMetadata></GetXResponse>";
        let expected = json!({ "A": "1 < 2\n", "L": ["a", { "B": "b" }], "M": { "k": "v" }, "E": "" });
        assert_eq!(answer(text, "GetX").unwrap(), expected);
        let text =
            "<ErrorResponse><Error><Type>Sender</Type><Code>C</Code><Message>m</Message></Error></ErrorResponse>";
        assert_eq!(answer(text, "GetX").unwrap(), json!({ "__type": "C", "message": "m" }));
        assert_eq!(answer("<GetXResponse><ResponseMetadata/></GetXResponse>", "GetX").unwrap(), Value::Null);
    }
}
