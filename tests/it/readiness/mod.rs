//! What the layer does with the readiness of the service inside [2.6].

mod errors;
mod inner;
mod load;
mod permits;
mod waiting;
