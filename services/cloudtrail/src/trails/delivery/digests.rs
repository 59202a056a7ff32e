//! Digests: one for each Region and hour, with or without log files.

use claviger_trail::Digest;
use jiff::{SignedDuration, Timestamp};

use super::files::place;
use super::run::{Run, Trouble};
use super::{HOUR, later, new_chain, second};
use claviger_pipeline::internal;

/// Digests written in one look: after a long stop the hours that passed are made up for over several.
const DIGESTS_MAX: usize = 100;

impl Run<'_> {
    /// Writes the digests of every hour that is over.
    pub(super) async fn write_digests(&mut self) -> Result<(), Trouble> {
        let over = self.delivery.end.as_ref().map_or(self.now, |end| end.at.min(self.now));
        if self.trail.validation
            && self.delivery.end.is_none()
            && !self.delivery.chains.contains_key(&self.trail.region)
        {
            self.delivery.chains.insert(self.trail.region.clone(), new_chain(self.now));
            self.commit().await?;
        }
        let regions: Vec<String> = self.delivery.chains.keys().cloned().collect();
        let mut written = 0;
        for region in regions {
            while let Some(chain) = self.delivery.chains.get(&region) {
                let end = later(chain.start, HOUR);
                if end > over || written >= DIGESTS_MAX {
                    break;
                }
                // Once validation is switched off, the hour under way is the last.
                self.write_digest(&region, end, !self.trail.validation).await?;
                written += 1;
            }
        }
        Ok(())
    }

    /// Ends every chain where the delivery ended.
    pub(super) async fn write_last_digests(&mut self) -> Result<(), Trouble> {
        let Some(at) = self.delivery.end.as_ref().map(|end| second(end.at)) else { return Ok(()) };
        while let Some((region, chain)) = self.delivery.chains.first_key_value() {
            let (region, end) = (region.clone(), at.max(later(chain.start, SignedDuration::from_secs(1))));
            self.write_digest(&region, end, true).await?;
        }
        Ok(())
    }

    async fn write_digest(&mut self, region: &str, end: Timestamp, last: bool) -> Result<(), Trouble> {
        let Some(chain) = self.delivery.chains.get(region) else { return Ok(()) };
        let key = self.keys.signing(self.system, &self.trail.account, region, end).await?;
        let digest = Digest {
            bucket: &self.trail.bucket,
            place: place(&self.trail),
            region,
            start: chain.start,
            end,
            previous: chain.previous.as_ref(),
            logs: &chain.logs,
        };
        let (object, link) = digest.sign(&key).map_err(internal)?;
        self.sink.put(&self.trail.bucket, &object).map_err(Trouble::Digests)?;
        if last {
            self.delivery.chains.remove(region);
        } else if let Some(chain) = self.delivery.chains.get_mut(region) {
            (chain.start, chain.previous) = (end, Some(link));
            chain.logs.clear();
        }
        let now = self.now;
        self.note(|status| {
            status.digest_delivered = Some(now);
            status.digest_error = None;
        });
        self.commit().await
    }
}
