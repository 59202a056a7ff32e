//! The Regions keys can be replicated to.

use claviger_wire::arn::{is_region, partition_of};

/// AWS's Regions, partition by partition, as the endpoint data of its SDKs lists them.
#[rustfmt::skip]
const AWS: &[&str] = &[
    // aws
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
    "me-west-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    // aws-cn
    "cn-north-1", "cn-northwest-1",
    // aws-eusc
    "eusc-de-east-1",
    // aws-iso, -b, -e, -f
    "us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "eu-isoe-west-1", "us-isof-east-1",
    "us-isof-south-1",
    // aws-us-gov
    "us-gov-east-1", "us-gov-west-1",
];

/// Why a Region cannot have a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoReplica {
    /// There is no such Region.
    Unknown,
    /// It belongs to another partition.
    Partition,
}

/// Whether keys of the Region `home` can have replicas in `other`. An installation whose own Region is not one of AWS's
/// uses names of its own choice; one that uses AWS's is held to them.
pub(crate) fn can_replicate(home: &str, other: &str) -> Result<(), NoReplica> {
    let known = AWS.contains(&other) || (is_region(other) && !AWS.contains(&home));
    if !known {
        return Err(NoReplica::Unknown);
    }
    if partition_of(home) != partition_of(other) { Err(NoReplica::Partition) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_stay_in_their_partition_and_in_regions_there_are() {
        assert_eq!(can_replicate("us-east-1", "eu-central-1"), Ok(()));
        assert_eq!(can_replicate("us-east-1", "us-invalid-1"), Err(NoReplica::Unknown));
        assert_eq!(can_replicate("us-east-1", "cn-north-1"), Err(NoReplica::Partition));
        assert_eq!(can_replicate("us-gov-west-1", "us-gov-east-1"), Ok(()));
        assert_eq!(can_replicate("eu-onprem-1", "eu-onprem-2"), Ok(()));
        assert_eq!(can_replicate("eu-onprem-1", "nowhere"), Err(NoReplica::Unknown));
    }
}
