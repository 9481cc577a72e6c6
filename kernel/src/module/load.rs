//! Loading a driver.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;
use kcore::module::{Image as Linked, Malformed, Object, Parameter};

use super::api::{self, module as counted};
use super::driver::{Driver, Used};
use super::exports;
use super::init::{self, Init, Outcome, ParameterCall};
use super::variables;
use crate::dev::{self, Built, Refused};
use crate::irq::WorkQueue;
use crate::mm::images::Image;
use crate::observe::check_drivers;
use crate::println;
use crate::symbols::modules as known;
use kcore::sort;

/// The number of the headers, as the build script has found it.
const ABI: &str = env!("SCULLERY_ABI");

/// Loads the driver in `file`; `words` are its parameters, like `nr_devs=2`. [`Errno::ENOEXEC`] for what is
/// no driver for this kernel, [`Errno::EINVAL`] for a parameter, [`Errno::EEXIST`], [`Errno::ENOMEM`], and
/// what its own init says.
pub fn insmod(file: Vec<u8>, words: &[&str]) -> Result<(), Refused> {
    let object = Object::parse(&file).map_err(|why| not_ours("", &why))?;
    let name = own_name(&object)?;
    check(&object, &name)?;
    let sizes = object.sizes();
    let mut image = Image::new(sizes).map_err(|_| Errno::ENOMEM)?;
    let bases = image.bases(sizes);
    let uses = RefCell::new(Vec::new());
    let find = |name: &str| {
        exports::find(name).or_else(|| {
            if let Some(at) = uses.borrow().iter().find_map(|used: &Used| used.at(name)) {
                return Some(at);
            }
            let (used, at) = Used::find(name)?;
            uses.borrow_mut().push(used);
            Some(at)
        })
    };
    let mut linked = object.link(bases, find).map_err(|why| not_ours(&name, &why))?;
    let exported = |name: &str| object.address_of(name, bases).map(|at| (String::from(name), at));
    let shared = (object.exports().filter_map(exported).collect(), uses.into_inner());
    let Told { parameters, texts, calls } = told(&object, &mut linked, &name, words)?;
    let Some(init) = linked.function("init_module") else {
        return Err(not_ours(&name, &Malformed("it has no module_init".into())));
    };
    let exit = linked.function("cleanup_module").map(|exit| {
        // SAFETY: it is a function of the module without arguments, as `module_exit` has checked.
        unsafe { core::mem::transmute::<usize, extern "C" fn()>(exit as usize) }
    });
    // SAFETY: so is this, as `module_init` has checked.
    let init = unsafe { core::mem::transmute::<usize, extern "C" fn() -> i32>(init as usize) };
    image.seal([&linked.parts[0], &linked.parts[1], &linked.parts[2]]);
    variables::add(&image.pages(), object.variables(bases).map(|(bytes, name)| (bytes, name.into())));
    let text = bases[0]..bases[0] + sizes[0] as u64;
    let this = object.address_of("__this_module", bases);
    let functions = linked.functions;
    let has_works = object.wanted().any(|name| matches!(name, "queue_work" | "queue_delayed_work"));
    api::make_records();
    check_drivers(true);
    let loaded = name.clone();
    dev::load_as(&loaded, move |module| {
        known::add(&name, text.clone(), functions, bases, file);
        counted::introduce(this, module);
        let driver = Driver::new(module, text, (Init { calls, init }, exit), shared, texts, image);
        if has_works {
            // Two, so that one that waits for another does not keep it from running.
            let queue = WorkQueue::of_mortals("kworker", 2).map_err(|_| Errno::ENOMEM)?;
            driver.works.call_once(|| queue);
        }
        begin(&driver)?;
        driver.has_begun.store(true, Relaxed);
        let asked = Arc::downgrade(&driver);
        let used_by = move || asked.upgrade().map(|driver| driver.used_by()).unwrap_or_default();
        let unload = move || driver.unload();
        Ok(Built {
            parameters,
            unload: Some(Box::new(unload)),
            stays_in_use: true,
            used_by: Some(Box::new(used_by)),
            ..Built::default()
        })
    })
}

/// What the file says of itself: `license`, `parm`.
pub fn info(file: &[u8]) -> Result<Vec<(String, String)>, Refused> {
    let object = Object::parse(file).map_err(|why| not_ours("", &why))?;
    Ok(object.info().map(|(key, value)| (key.into(), value.into())).collect())
}

/// Calls its init. When that fails, nothing of it is left.
fn begin(driver: &Arc<Driver>) -> Result<(), Refused> {
    let (errno, why) = match init::run(driver)? {
        Outcome::Returned(0) => return Ok(()),
        Outcome::Returned(code) if code > 0 => {
            println!("{}: its init has returned {code}, which is neither 0 nor an error", driver.name);
            return Ok(());
        }
        Outcome::Returned(code) => (Errno::of(code.into()), format!("its init has returned {code}")),
        Outcome::Died => (Errno::EFAULT, "its init has died".into()),
        Outcome::Ended(why) => (Errno::EINTR, format!("its init was ended, {why}")),
    };
    driver.left_behind();
    Err(Refused { errno, why: format!("{}: {why}", driver.name) })
}

fn not_ours(name: &str, why: &Malformed) -> Refused {
    let name = if name.is_empty() { "the file" } else { name };
    Refused { errno: Errno::ENOEXEC, why: format!("{name}: {why}") }
}

fn said<'a>(object: &Object<'a>, key: &str) -> Option<&'a str> {
    object.info().find(|(said, _)| *said == key).map(|(_, value)| value)
}

/// The name that the build has given it.
fn own_name(object: &Object<'_>) -> Result<String, Refused> {
    let is_plain = |name: &&str| {
        (1..=56).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let name = said(object, "name").filter(is_plain);
    name.map(String::from).ok_or_else(|| not_ours("", &Malformed(FOREIGN.into())))
}

const FOREIGN: &str = "it was not built for this kernel, as `module build` does it";

fn check(object: &Object<'_>, name: &str) -> Result<(), Refused> {
    if said(object, "scullery") == Some(ABI) {
        return Ok(());
    }
    Err(not_ours(name, &Malformed(FOREIGN.into())))
}

/// What it was given.
struct Told {
    /// All parameters, with their values.
    parameters: Vec<(String, String)>,
    /// The texts among these.
    texts: Vec<Box<[u8]>>,
    calls: Vec<ParameterCall>,
}

/// Gives it its parameters.
fn told(object: &Object<'_>, linked: &mut Linked, name: &str, words: &[&str]) -> Result<Told, Refused> {
    let mut all = Parameter::all(object, linked).map_err(|why| not_ours(name, &why))?;
    // A compiler has them in an order of its own.
    sort::any(&mut all, |a, b| a.name < b.name);
    let mut texts: Vec<Box<[u8]>> = Vec::new();
    let mut keep = |text: &str| {
        let bytes: Box<[u8]> = text.bytes().chain([0]).collect();
        texts.push(bytes);
        texts.last().map(|bytes| bytes.as_ptr().expose_provenance() as u64)
    };
    let (mut given, mut calls) = (Vec::new(), Vec::new());
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, "y"));
        let parameter = all.iter().find(|one| one.name == key);
        let parameter =
            parameter.ok_or_else(|| dev::Refused::unknown(name, key, all.iter().map(|one| &*one.name)))?;
        if !word.contains('=') && !parameter.is_flag() {
            return Err(Refused::invalid(name, format_args!("'{word}' is no parameter: NAME=VALUE")));
        }
        let set = parameter.set(linked, value, &mut keep);
        set.map_err(|why| Refused::invalid(name, format_args!("{word}: {why}")))?;
        if let (Some(call), Some(text)) = (parameter.called(linked), keep(value)) {
            calls.push(ParameterCall { function: call.0 as usize, parameter: call.1, text });
        }
        given.push((key, value));
    }
    let show = |one: &Parameter| {
        let of_text = given.iter().rev().find(|(key, _)| *key == one.name && one.is_text());
        (one.name.clone(), of_text.map_or_else(|| one.value(linked), |(_, value)| (*value).into()))
    };
    Ok(Told { parameters: all.iter().map(show).collect(), texts, calls })
}
