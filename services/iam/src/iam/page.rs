//! Result pages: `MaxItems`, `Marker`, `IsTruncated`.

use claviger_shapes::{InternalFailure, ValidationException};
use claviger_store::{Cursor, MAX_PAGE, Record, Records};

use super::IamCx;

/// Entries of a page when the request sets no number.
const ITEMS_DEFAULT: i32 = 100;
/// Most entries of a page.
const ITEMS_MAX: i32 = 1000;

/// Markers travel as text that needs no escaping. What they carry is a name out of the caller's own lists, and any name
/// is a fair place to go on from: they need no seal.
const ENCODING: base64_simd::Base64 = base64_simd::URL_SAFE_NO_PAD;

/// Where a page starts and how long it may be.
pub(crate) struct Pager {
    after: Option<String>,
    limit: usize,
}

/// A page.
pub(crate) struct Cut<T> {
    /// Its entries.
    pub items: Vec<T>,
    /// `Marker`: there when the page is not the last.
    pub marker: Option<String>,
}

impl<T> Cut<T> {
    /// `IsTruncated`.
    pub(crate) fn is_truncated(&self) -> Option<bool> {
        Some(self.marker.is_some())
    }
}

impl Pager {
    /// Reads the request's `Marker` and `MaxItems`.
    pub(crate) fn new<E: From<ValidationException>>(marker: Option<&str>, max_items: Option<i32>) -> Result<Self, E> {
        let after = match marker {
            None => None,
            Some(marker) => {
                let bytes = ENCODING.decode_to_vec(marker.as_bytes()).ok();
                let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                Some(name.ok_or_else(|| ValidationException::new("Invalid Marker."))?)
            }
        };
        let limit = max_items.unwrap_or(ITEMS_DEFAULT).clamp(1, ITEMS_MAX);
        Ok(Self { after, limit: usize::try_from(limit).unwrap_or(1) })
    }

    /// Cuts a page from entries that come in the order of their keys.
    pub(crate) fn cut<T>(&self, entries: impl IntoIterator<Item = (String, T)>) -> Cut<T> {
        let mut entries = entries.into_iter().filter(|(key, _)| self.after.as_ref().is_none_or(|after| key > after));
        let (mut items, mut last) = (Vec::new(), None);
        for (key, item) in entries.by_ref().take(self.limit) {
            items.push(item);
            last = Some(key);
        }
        let more = entries.next().is_some();
        Cut { items, marker: last.filter(|_| more).map(|last| ENCODING.encode_to_string(last.as_bytes())) }
    }

    /// Cuts a page of at most `most` from the numbers below `total`, without counting up to where it starts.
    pub(crate) fn numbers<E: From<ValidationException>>(&self, total: usize, most: usize) -> Result<Cut<usize>, E> {
        let start = match &self.after {
            None => 0,
            Some(last) => {
                let last: usize = last.parse().map_err(|_| ValidationException::new("Invalid Marker."))?;
                last.saturating_add(1).min(total)
            }
        };
        let end = start.saturating_add(self.limit.min(most.max(1))).min(total);
        let marker = (end < total).then(|| ENCODING.encode_to_string((end - 1).to_string().as_bytes()));
        Ok(Cut { items: (start..end).collect(), marker })
    }

    /// Cuts a page from the account's records of a type, in the order of their ids, leaving out what `keep` refuses.
    pub(crate) async fn records<R: Record>(
        &self,
        cx: IamCx<'_>,
        keep: impl Fn(&R) -> bool,
    ) -> Result<Cut<R>, InternalFailure> {
        let prefix = format!("{}/", cx.call.account());
        let mut after = self.after.as_ref().map(|id| Cursor { key: id, id }.encode());
        let mut found: Vec<R> = Vec::new();
        loop {
            let page = cx.system.store.list::<R>(None, &prefix, None, after.as_deref(), MAX_PAGE).await;
            let (rows, next) = page.map_err(InternalFailure::new)?;
            found.extend(rows.into_iter().map(|row| row.record).filter(&keep));
            after = next;
            if found.len() > self.limit || after.is_none() {
                break;
            }
        }
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let last = found.last().filter(|_| more).map(Record::id);
        Ok(Cut { items: found, marker: last.map(|last| ENCODING.encode_to_string(last.as_bytes())) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(marker: Option<&str>, limit: i32) -> Pager {
        Pager::new::<ValidationException>(marker, Some(limit)).unwrap_or_else(|_| panic!("{marker:?}"))
    }

    #[test]
    fn pages_meet_and_only_the_last_ends() {
        let names = ["a", "b", "c", "d", "e"];
        let all = || names.iter().map(|name| ((*name).to_owned(), *name));
        let (mut seen, mut marker, mut pages) = (Vec::new(), None, 0);
        loop {
            let cut = pager(marker.as_deref(), 2).cut(all());
            assert_eq!(cut.is_truncated(), Some(cut.marker.is_some()));
            seen.extend(cut.items);
            pages += 1;
            marker = cut.marker;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!((seen.as_slice(), pages), (&names[..], 3));
        assert!(pager(None, 5).cut(all()).marker.is_none());
    }

    #[test]
    fn numbers_go_on_behind_the_last_one() {
        let cut = |marker: Option<&str>, most| pager(marker, 3).numbers::<ValidationException>(7, most).unwrap();
        let first = cut(None, 100);
        assert_eq!(first.items, [0, 1, 2]);
        let second = cut(first.marker.as_deref(), 2);
        assert_eq!(second.items, [3, 4]);
        let last = cut(second.marker.as_deref(), 0);
        assert_eq!((last.items.as_slice(), last.is_truncated()), (&[5][..], Some(true)));
        let last = cut(last.marker.as_deref(), 100);
        assert_eq!((last.items.as_slice(), last.marker), (&[6][..], None));
        let far = ENCODING.encode_to_string(usize::MAX.to_string().as_bytes());
        assert!(cut(Some(&far), 100).items.is_empty());
        let name = ENCODING.encode_to_string("name");
        assert!(pager(Some(&name), 3).numbers::<ValidationException>(7, 100).is_err());
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        assert!(Pager::new::<ValidationException>(Some("no marker!"), None).is_err());
    }
}
