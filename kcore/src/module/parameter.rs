//! The parameters of a module: `insmod scull.ko scull_nr_devs=2` (LDD3 ch. 2, "Module Parameters").
//!
//! `include/linux/moduleparam.h` makes a `struct kernel_param` of each, in the section `__param`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::image::Image;
use super::object::{LE, Malformed, Object};
use object::read::elf::SectionHeader;

/// Bytes of a `struct kernel_param`.
const SIZE: usize = 40;

/// What values one has: the numbers of `moduleparam.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Bool,
    Charp,
    Text,
    /// A function of the module is given the text.
    Called,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    kind: Kind,
    at: u64,
    /// Where to say how many values an array was given; 0 for nowhere.
    count: u64,
    /// Bytes of a value.
    size: usize,
    /// Values of an array at most; 0 for what is none.
    most: usize,
}

impl Parameter {
    /// All that the module declares.
    pub fn all(object: &Object<'_>, image: &Image) -> Result<Vec<Parameter>, Malformed> {
        let Some((index, section)) = object.section("__param") else { return Ok(Vec::new()) };
        let place = object.places.get(index.0).copied().flatten();
        let wrong = || Malformed::new("a parameter of it is not as module_param makes it");
        let place = place.ok_or_else(wrong)?;
        let bytes = image.parts[place.part as usize].get(place.offset..).ok_or_else(wrong)?;
        let bytes = bytes.get(..section.sh_size(LE) as usize).ok_or_else(wrong)?;
        bytes.chunks(SIZE).map(|one| Self::read(one, image).ok_or_else(wrong)).collect()
    }

    fn read(bytes: &[u8], image: &Image) -> Option<Parameter> {
        let long = |index: usize| Some(u64::from_le_bytes(bytes.get(index..index + 8)?.try_into().ok()?));
        let int = |index: usize| Some(u32::from_le_bytes(bytes.get(index..index + 4)?.try_into().ok()?));
        let (size, most) = (int(28)? as usize, int(32)? as usize);
        let kind = match (int(24)?, size) {
            (0 | 2 | 4 | 6, 1 | 2 | 4 | 8) => Kind::Unsigned,
            (1 | 3 | 5, 1 | 2 | 4 | 8) => Kind::Signed,
            (7, 1) => Kind::Bool,
            (8, 8) => Kind::Charp,
            (9, _) => Kind::Text,
            (10, SIZE) => Kind::Called,
            _ => return None,
        };
        let parameter = Parameter {
            name: image.text(long(0)?)?.to_owned(),
            kind,
            at: long(8)?,
            count: long(16)?,
            size,
            most,
        };
        image.bytes(parameter.at, size.checked_mul(most.max(1))?)?;
        (parameter.count == 0 || image.bytes(parameter.count, 4).is_some()).then_some(parameter)
    }

    /// Whether it may be named alone, which means yes.
    pub fn is_flag(&self) -> bool {
        self.kind == Kind::Bool
    }

    /// Whether its value is a text elsewhere.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Charp | Kind::Called)
    }

    /// The function that is given its text, if there is one, and the `struct kernel_param` for it
    /// (`module_param_cb`): a `struct kernel_param_ops` stands where others say how many values there are.
    pub fn called(&self, image: &Image) -> Option<(u64, u64)> {
        let set = image.bytes(self.count.checked_add(8)?, 8).filter(|_| self.kind == Kind::Called)?;
        Some((u64::from_le_bytes(set.try_into().ok()?), self.at)).filter(|(function, _)| *function != 0)
    }

    /// Gives it `value` before the module begins. `keep` keeps a text for it and says where. The error says
    /// what is wrong.
    pub fn set(
        &self,
        image: &mut Image,
        value: &str,
        keep: &mut dyn FnMut(&str) -> Option<u64>,
    ) -> Result<(), String> {
        if self.kind == Kind::Called {
            let is_there = self.called(image).is_some();
            return if is_there { Ok(()) } else { Err("it cannot be set".to_string()) };
        }
        let values: Vec<&str> = if self.most == 0 { Vec::from([value]) } else { value.split(',').collect() };
        if values.len() > self.most.max(1) {
            return Err(format!("more than {} values", self.most));
        }
        for (index, value) in values.iter().enumerate() {
            let bytes = self.bytes(value, keep)?;
            let at = self.at + (index * self.size) as u64;
            let to = image.bytes_mut(at, bytes.len()).ok_or("it lies nowhere")?;
            to.copy_from_slice(&bytes);
        }
        if let Some(count) = image.bytes_mut(self.count, 4) {
            count.copy_from_slice(&(values.len() as u32).to_le_bytes());
        }
        Ok(())
    }

    /// A value as it lies in memory.
    fn bytes(&self, value: &str, keep: &mut dyn FnMut(&str) -> Option<u64>) -> Result<Vec<u8>, String> {
        let bits = self.size.min(8) as u32 * 8;
        let number = match self.kind {
            Kind::Unsigned => {
                let number = number(value).and_then(|number| u64::try_from(number).ok());
                number.filter(|number| bits == 64 || number >> bits == 0).ok_or("not a number that fits")?
            }
            Kind::Signed => {
                let most = i128::from(i64::MAX >> (64 - bits));
                let number = number(value).filter(|number| (-most - 1..=most).contains(number));
                number.ok_or("not a number that fits")? as u64
            }
            Kind::Bool => match value {
                "y" | "Y" | "1" | "true" | "on" => 1,
                "n" | "N" | "0" | "false" | "off" => 0,
                _ => return Err("not y or n".to_string()),
            },
            Kind::Charp => keep(value).ok_or("no memory for the text")?,
            Kind::Text => {
                let mut text = value.as_bytes().to_vec();
                text.push(0);
                if text.len() > self.size {
                    return Err(format!("longer than {} characters", self.size.saturating_sub(1)));
                }
                return Ok(text);
            }
            Kind::Called => return Ok(Vec::new()),
        };
        Ok(number.to_le_bytes()[..self.size].to_vec())
    }

    /// The value that it has in `image`: `4000`, `1,2`.
    pub fn value(&self, image: &Image) -> String {
        if self.kind == Kind::Called {
            return String::new();
        }
        let count =
            image.bytes(self.count, 4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap_or_default()));
        let count = count.map_or(self.most.max(1), |count| (count as usize).min(self.most.max(1)));
        let one = |index: usize| {
            let at = self.at + (index * self.size) as u64;
            self.show(image.bytes(at, self.size).unwrap_or_default(), at, image)
        };
        let values: Vec<String> = (0..count).map(one).collect();
        values.join(",")
    }

    fn show(&self, bytes: &[u8], at: u64, image: &Image) -> String {
        let mut word = [0; 8];
        let count = bytes.len().min(8);
        word[..count].copy_from_slice(&bytes[..count]);
        let number = u64::from_le_bytes(word);
        match self.kind {
            Kind::Unsigned => number.to_string(),
            Kind::Signed => {
                let shift = 64 - 8 * self.size as u32;
                ((number << shift) as i64 >> shift).to_string()
            }
            Kind::Bool => (if number & 1 == 1 { "Y" } else { "N" }).to_string(),
            Kind::Charp => image.text(number).unwrap_or_default().to_string(),
            Kind::Text => image.text(at).unwrap_or_default().to_string(),
            Kind::Called => String::new(),
        }
    }
}

/// A number as C writes it: 10, 0x1f, 017, -3.
fn number(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // A second sign is none.
    let digits = Some(digits).filter(|digits| !digits.starts_with(['+', '-']))?;
    u64::from_str_radix(digits, radix).ok().map(|number| sign * i128::from(number))
}
