//! The tools of the prompt beside those of the host: the same words in the same place give the same bytes,
//! the same messages and the same status. What is compared is generated, each time the same.

mod dd;
mod host;
mod mode;
mod text;
