//! Buckets as folders: `ROOT/BUCKET/KEY`, the metadata of a file beside it in `KEY.meta.json`.
//!
//! Metadata lies in a file of its own and not in extended attributes because those do not survive `cp`, `tar` and many
//! file systems. It is written before its file, and a file comes to its name by a rename, so a file that can be seen is
//! whole and has its metadata.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Listed, Listing, Object, Sink, SinkError, is_bucket_name};

const META: &str = ".meta.json";
const UNFINISHED: &str = ".unfinished";
/// Bytes of one part of a key: what file systems allow, less what is added to it.
const PART_BYTES_MAX: usize = 230;

/// A folder whose folders are buckets.
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// On a folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn bucket(&self, bucket: &str) -> Result<PathBuf, SinkError> {
        let path = self.root.join(bucket);
        if is_bucket_name(bucket) && path.is_dir() { Ok(path) } else { Err(SinkError::NoBucket) }
    }
}

impl Sink for Directory {
    fn has_bucket(&self, bucket: &str) -> Result<bool, SinkError> {
        Ok(self.bucket(bucket).is_ok())
    }

    fn make_bucket(&self, bucket: &str) -> Result<(), SinkError> {
        if !is_bucket_name(bucket) {
            return Err(SinkError::NoBucket);
        }
        Ok(DirBuilder::new().recursive(true).mode(0o750).create(self.root.join(bucket))?)
    }

    fn put(&self, bucket: &str, object: &Object) -> Result<(), SinkError> {
        let bucket = self.bucket(bucket)?;
        let path = bucket.join(safe(&object.key)?);
        let folder = path.parent().ok_or(SinkError::BadKey)?;
        make_folders(&bucket, folder)?;
        if !object.metadata.is_empty() {
            let metadata = serde_json::to_vec(&object.metadata).map_err(std::io::Error::from)?;
            write(&added(&path, META), &metadata)?;
        }
        write(&path, &object.body)?;
        // Both names are on the disk, too.
        Ok(File::open(folder)?.sync_all()?)
    }

    fn get(&self, bucket: &str, key: &str) -> Result<Option<Object>, SinkError> {
        let path = self.bucket(bucket)?.join(safe(key)?);
        let Some(body) = read(&path)? else { return Ok(None) };
        let metadata: BTreeMap<String, String> = match read(&added(&path, META))? {
            Some(metadata) => serde_json::from_slice(&metadata).map_err(std::io::Error::from)?,
            None => BTreeMap::new(),
        };
        Ok(Some(Object { key: key.to_owned(), body, metadata }))
    }

    fn list(&self, bucket: &str, prefix: &str, marker: &str, limit: usize) -> Result<Listing, SinkError> {
        let root = self.bucket(bucket)?;
        let mut walk = Walk { prefix, marker, limit, listing: Listing::default() };
        walk.folder(&root, "")?;
        Ok(walk.listing)
    }
}

struct Walk<'a> {
    prefix: &'a str,
    marker: &'a str,
    limit: usize,
    listing: Listing,
}

impl Walk<'_> {
    /// Goes through a folder in the order of keys, as long as there is room.
    fn folder(&mut self, path: &Path, key: &str) -> Result<(), SinkError> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !is_ours(&name) {
                continue;
            }
            let folder = entry.file_type()?.is_dir();
            // Keys are compared whole, so a folder stands where its keys do.
            let key = if folder { format!("{key}{name}/") } else { format!("{key}{name}") };
            entries.push((key, folder, entry.path()));
        }
        entries.sort_unstable();
        for (key, folder, path) in entries {
            if self.listing.truncated {
                break;
            }
            if folder && self.may_hold(&key) {
                self.folder(&path, &key)?;
            } else if !folder && key.starts_with(self.prefix) && key.as_str() > self.marker {
                self.take(key, &path)?;
            }
        }
        Ok(())
    }

    fn may_hold(&self, folder: &str) -> bool {
        let below = folder.starts_with(self.prefix) || self.prefix.starts_with(folder);
        below && (folder > self.marker || self.marker.starts_with(folder))
    }

    fn take(&mut self, key: String, path: &Path) -> Result<(), SinkError> {
        if self.listing.objects.len() >= self.limit {
            self.listing.truncated = true;
            return Ok(());
        }
        let known = std::fs::metadata(path)?;
        let modified = Timestamp::try_from(known.modified()?).unwrap_or(Timestamp::UNIX_EPOCH);
        self.listing.objects.push(Listed { key, size: known.len(), modified });
        Ok(())
    }
}

fn is_ours(name: &str) -> bool {
    !name.ends_with(META) && !name.ends_with(UNFINISHED)
}

/// A key as a path that stays in its bucket.
fn safe(key: &str) -> Result<&Path, SinkError> {
    let mut parts = key.split('/');
    let good = |part: &str| {
        !matches!(part, "" | "." | "..") && part.len() <= PART_BYTES_MAX && !part.contains('\0') && is_ours(part)
    };
    if parts.all(good) { Ok(Path::new(key)) } else { Err(SinkError::BadKey) }
}

fn added(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, SinkError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes what is missing between a bucket and a folder. Never the bucket: one that was taken away stays away.
fn make_folders(bucket: &Path, folder: &Path) -> Result<(), SinkError> {
    let mut path = bucket.to_owned();
    for part in folder.strip_prefix(bucket).map_err(|_| SinkError::BadKey)? {
        let parent = path.clone();
        path.push(part);
        match DirBuilder::new().mode(0o750).create(&path) {
            Ok(()) => File::open(parent)?.sync_all()?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = added(path, UNFINISHED);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink() -> (tempfile::TempDir, Directory) {
        let folder = tempfile::tempdir().unwrap();
        let sink = Directory::new(folder.path());
        sink.make_bucket("my-bucket").unwrap();
        (folder, sink)
    }

    fn keys(listing: &Listing) -> Vec<&str> {
        listing.objects.iter().map(|object| object.key.as_str()).collect()
    }

    #[test]
    fn gives_back_what_was_put() {
        let (_folder, sink) = sink();
        let mut object = Object::json("a/b/c.json.gz".to_owned(), vec![1, 2, 3]);
        object.metadata.insert("signature".to_owned(), "00ff".to_owned());
        sink.put("my-bucket", &object).unwrap();
        assert_eq!(sink.get("my-bucket", &object.key).unwrap().as_ref(), Some(&object));
        object.body = vec![4];
        sink.put("my-bucket", &object).unwrap();
        assert_eq!(sink.get("my-bucket", &object.key).unwrap().as_ref(), Some(&object));
        for absent in ["a/b/d.json.gz", "a/b", "a/b/c.json.gz/d"] {
            assert_eq!(sink.get("my-bucket", absent).unwrap(), None, "{absent}");
        }
        assert!(matches!(sink.get("your-bucket", "a"), Err(SinkError::NoBucket)));
        assert!(matches!(sink.put("your-bucket", &object), Err(SinkError::NoBucket)));
    }

    #[test]
    fn keys_do_not_leave_the_bucket() {
        let (folder, sink) = sink();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        for key in ["../secret", "a/../../secret", "/etc/passwd", "", "a//b", "./a", "a\0", "x.meta.json"] {
            assert!(matches!(sink.get("my-bucket", key), Err(SinkError::BadKey)), "{key:?}");
            assert!(matches!(sink.put("my-bucket", &Object::json(key.to_owned(), Vec::new())), Err(SinkError::BadKey)));
        }
        for bucket in ["..", ".", "my-bucket/a", "MY", "10.0.0.1", "a..b", "-ab", "ab", ""] {
            assert!(!sink.has_bucket(bucket).unwrap(), "{bucket:?}");
            assert!(sink.make_bucket(bucket).is_err(), "{bucket:?}");
        }
    }

    /// The order is that of whole keys: `a-b` comes before `a/x`, because `-` does before `/`.
    #[test]
    fn lists_in_the_order_of_keys_page_by_page() {
        let (_folder, sink) = sink();
        let all = ["a-b", "a.c", "a/x/1", "a/x/2", "a/y", "a0", "b"];
        for key in all.iter().rev() {
            let mut object = Object::json((*key).to_owned(), vec![0; 7]);
            object.metadata.insert("k".to_owned(), "v".to_owned());
            sink.put("my-bucket", &object).unwrap();
        }
        let listing = sink.list("my-bucket", "", "", 100).unwrap();
        assert_eq!((keys(&listing), listing.truncated), (all.to_vec(), false));
        assert_eq!(listing.objects[0].size, 7);
        assert_eq!(keys(&sink.list("my-bucket", "a/", "", 100).unwrap()), all[2..5]);
        assert_eq!(keys(&sink.list("my-bucket", "a/x", "a/x/1", 100).unwrap()), ["a/x/2"]);
        assert_eq!(keys(&sink.list("my-bucket", "", "a/x/15", 100).unwrap()), all[3..]);
        let (mut marker, mut seen) = (String::new(), Vec::new());
        loop {
            let page = sink.list("my-bucket", "", &marker, 2).unwrap();
            seen.extend(page.objects.iter().map(|object| object.key.clone()));
            marker = seen.last().cloned().unwrap_or_default();
            if !page.truncated {
                break;
            }
        }
        assert_eq!(seen, all);
    }
}
