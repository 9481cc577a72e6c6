//! Pages that are made.

use lab::documents;

use crate::files::root;

#[test]
fn every_page_that_is_made_is_as_it_would_be_made_now() {
    for document in documents::ALL {
        let file = document.file;
        let is = std::fs::read_to_string(root().join(file)).unwrap_or_else(|why| panic!("{file}: {why}"));
        let wanted = (document.render)();
        for (number, (is, wanted)) in is.lines().zip(wanted.lines()).enumerate() {
            assert_eq!(is, wanted, "{file}, line {}: write it by cargo documents", number + 1);
        }
        assert_eq!(is.len(), wanted.len(), "{file}: write it by cargo documents");
    }
}
