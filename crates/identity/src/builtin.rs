//! Managed policies that AWS owns, as far as these services know their actions.

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Path in the ARN: `/` or `/job-function/`.
    pub path: &'static str,
    /// Name.
    pub name: &'static str,
    /// `ANPA…`; made from the name, so that it is the same in every installation.
    pub id: &'static str,
    /// The version in force.
    pub version: u32,
    /// The text.
    pub document: &'static str,
}

const POLICIES: [Builtin; 8] = [
    Builtin {
        path: "/",
        name: "AdministratorAccess",
        id: "ANPAIWMBCKSKIEE64ZLYK",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    Builtin {
        path: "/",
        name: "PowerUserAccess",
        id: "ANPAJYRXTHIB4FOVS3ZXS",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles"],"Resource":"*"}]}"#,
    },
    Builtin {
        path: "/",
        name: "IAMFullAccess",
        id: "ANPAI7XKCFMBPM3QQRRVQ",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#,
    },
    Builtin {
        path: "/",
        name: "IAMReadOnlyAccess",
        id: "ANPAJKSO7NDY4T57MWDSQ",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}"#,
    },
    Builtin {
        path: "/",
        name: "AWSKeyManagementServicePowerUser",
        id: "ANPAJNPP7PPPPMJRV2SA4",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*","kms:GenerateRandom","kms:Get*","kms:List*","kms:TagResource","kms:UntagResource","iam:ListGroups","iam:ListRoles","iam:ListUsers"],"Resource":"*"}]}"#,
    },
    Builtin {
        path: "/",
        name: "AmazonSSMReadOnlyAccess",
        id: "ANPAJODSKQGGJTHRYZ5FC",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:Describe*","ssm:Get*","ssm:List*"],"Resource":"*"}]}"#,
    },
    Builtin {
        path: "/",
        name: "AmazonSSMFullAccess",
        id: "ANPAJA7V6HI4ISQFMDYAG",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:*","Resource":"*"}]}"#,
    },
    Builtin {
        path: "/",
        name: "SecretsManagerReadWrite",
        id: "ANPAI3VG7CI5BIQZQ6G2E",
        version: 1,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["secretsmanager:*","kms:DescribeKey","kms:ListAliases","kms:ListKeys"],"Resource":"*"}]}"#,
    },
];

/// All of them, by name.
pub fn builtins() -> &'static [Builtin] {
    &POLICIES
}

/// The one of this path and name.
pub fn builtin(path: &str, name: &str) -> Option<&'static Builtin> {
    POLICIES.iter().find(|policy| policy.path == path && policy.name == name)
}
