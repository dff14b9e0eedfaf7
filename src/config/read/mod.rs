//! From the document to values of a type: what a value may be, and what a fault says.

mod block;
mod claims;
mod contract;
mod lists;
mod numbers;
mod slot;
mod values;

pub(super) use self::{
    block::{Block, Described, Members, block},
    claims::{Claim, Claims, RequiredClaim},
    contract::{Read, misfit, read},
    lists::{Filled, OneOrList, OneOrMore, OneOrMoreSecrets, PublicAlgorithms},
    numbers::{Bytes, Count, Keys, Seconds},
    slot::{Located, OneOf, Slot, Which},
    values::{Free, Id, Url, choice, choice_schema},
};
