//! The documents say what holds: pages that are made are as they would be made now, races that are
//! cited exist, decisions are listed.

mod cited;
mod decisions;
mod files;
mod made;
