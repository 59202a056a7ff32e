//! Policy texts as they are stored and shown: principals by their unique ids, and the default key policy.

use serde_json::value::RawValue;

use crate::json::Source;
use crate::malformed::Malformed;
use crate::principal::Family;

/// Replaces principals in the text of a policy and leaves every other character alone.
///
/// `replace` sees each entry of each `Principal` and `NotPrincipal` with its family and answers with the new text, or
/// `None` to keep it. Stored policies name users and roles by unique id, so that a recreated user inherits nothing; a
/// policy that is read back shows ARNs again, or the bare id of whoever is gone.
///
/// # Errors
/// [`Malformed`] if `text` is no policy at all. What is well formed is not judged further.
pub fn rewrite_principals(
    text: &str,
    replace: impl FnMut(Family, &str) -> Option<String>,
) -> Result<String, Malformed> {
    rewrite(text, replace).map_err(|malformed| malformed.locate(text))
}

fn rewrite(text: &str, mut replace: impl FnMut(Family, &str) -> Option<String>) -> Result<String, Malformed> {
    let source = Source(text);
    let mut output = String::with_capacity(text.len());
    let mut copied = 0;
    for (name, value) in source.object(source.root()?)? {
        if name != "Statement" {
            continue;
        }
        for statement in source.list(value)? {
            for (name, value) in source.object(statement)? {
                // `"*"` alone stands for everyone, whatever the id of anyone.
                if !matches!(name.as_str(), "Principal" | "NotPrincipal") || value.get().starts_with('"') {
                    continue;
                }
                for (family, entries) in source.object(value)? {
                    let Some(family) = Family::parse(&family) else { continue };
                    for (old, place) in source.strings(entries)? {
                        if let Some(new) = replace(family, &old) {
                            splice(&mut output, &mut copied, source, place, &new);
                        }
                    }
                }
            }
        }
    }
    output.push_str(&text[copied..]);
    Ok(output)
}

fn splice(output: &mut String, copied: &mut usize, source: Source<'_>, place: &RawValue, new: &str) {
    let range = source.range(place);
    output.push_str(&source.0[*copied..range.start]);
    output.push_str(&serde_json::Value::from(new).to_string());
    *copied = range.end;
}

/// The policy of a key created without one, in the layout AWS answers with: the account principal may do everything,
/// which makes the account's identity policies count.
pub fn default_key_policy(partition: &str, account: &str) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}
