//! Finding the places of problems in the texts that a pipeline is made of.

use std::ops::Range;
use std::sync::Arc;

use taskferry_sdk::{KeyPath, Part, Problem, RelatedLocation, printable};

use crate::document::Document;
use crate::layers::Layers;
use crate::mask::{hide_value, mask_assignment};
use crate::mistake::{Mistake, take_out_surplus};
use crate::secrets::Secrets;
use crate::text::{Place, Text};
use crate::tree::{Filled, Layer, Node};

/// Where problems are looked for.
pub(crate) struct Sources<'a> {
    pub(crate) tree: &'a Node,
    pub(crate) layers: &'a Layers,
    pub(crate) documents: &'a [Document],
    pub(crate) secrets: &'a Secrets,
}

/// A place in one of the texts, before anything is drawn.
#[derive(Debug, Clone)]
enum Spot {
    /// Bytes of a file, counted from the pipeline file.
    File(usize, Range<usize>),
    /// The key or the value of an override.
    Override(usize, Part),
}

/// A problem with its place.
struct Located {
    spot: Option<Spot>,
    related: Vec<(Spot, String)>,
    problem: Problem,
}

impl Spot {
    fn order(&self) -> (Layer, usize) {
        match self {
            Self::File(index, span) => (Layer::File(*index), span.start),
            Self::Override(index, _) => (Layer::Override(*index), 0),
        }
    }
}

impl Sources<'_> {
    /// Finds the place of each problem, in the layer that its value came from; `misplaced` are overrides that
    /// found no place in the pipeline.
    pub(crate) fn locate(
        &self,
        problems: Vec<Problem>,
        misplaced: Vec<(usize, String)>,
    ) -> Vec<Mistake> {
        let mut found: Vec<Located> = problems.into_iter().map(|it| self.located(it)).collect();
        found.extend(misplaced.into_iter().map(|(index, why)| Located {
            spot: Some(Spot::Override(index, Part::Key)),
            related: Vec::new(),
            problem: Problem::at(KeyPath::root(), "layer::position", why),
        }));
        let order = |one: &Located| one.spot.as_ref().map(Spot::order);
        found.sort_by_key(order);
        found.dedup_by(|left, right| {
            order(left) == order(right) && left.problem.message == right.problem.message
        });
        let surplus = take_out_surplus(&mut found, |one| (one.problem.code, one.problem.severity));
        let texts = self.texts(&found);
        let mistakes = found.into_iter().map(|one| self.mistake(one, &texts));
        mistakes.chain(surplus).collect()
    }

    fn located(&self, problem: Problem) -> Located {
        let spot = self.spot_of(&problem.path, &self.part_of(&problem));
        // What is not set has no place.
        let related = problem.related.iter().filter(|place| self.tree.get(&place.path).is_some());
        let related = related.filter_map(|RelatedLocation { path, part, label }| {
            Some((self.spot_of(path, part)?, label.clone()))
        });
        Located { spot, related: related.collect(), problem }
    }

    /// The texts of all files as they may be shown, secrets hidden in the lines where a problem is.
    fn texts(&self, found: &[Located]) -> Vec<Arc<Text>> {
        let spots =
            found.iter().flat_map(|one| one.spot.iter().chain(one.related.iter().map(|it| &it.0)));
        let mut shown: Vec<Vec<usize>> = vec![Vec::new(); self.documents.len()];
        for spot in spots {
            if let Spot::File(index, span) = spot
                && let Some(offsets) = shown.get_mut(*index)
            {
                offsets.push(span.start);
            }
        }
        let texts = self.documents.iter().zip(shown);
        texts.map(|(document, offsets)| Arc::new(document.shown(self.secrets, &offsets))).collect()
    }

    fn mistake(&self, located: Located, texts: &[Arc<Text>]) -> Mistake {
        let Located { spot, related, problem } = located;
        let label = problem.label.clone().or_else(|| self.filled_in(&problem));
        let safe = |text: String| printable(&self.secrets.without(&text)).into_owned();
        let related = related
            .into_iter()
            .filter_map(|(spot, label)| Some((self.place(&spot, texts)?, safe(label))));
        let related = related.collect();
        let Problem { code, message, help, severity, .. } = problem;
        let mistake = Mistake::nowhere(code, safe(message));
        Mistake {
            severity,
            label: label.map(safe),
            help: help.map(safe),
            place: spot.and_then(|spot| self.place(&spot, texts)),
            related,
            ..mistake
        }
    }

    /// What stands where the text has `${…}`.
    fn filled_in(&self, problem: &Problem) -> Option<String> {
        let node = self.tree.get(&problem.path).filter(|node| node.filled == Filled::Shown)?;
        match node.as_str()? {
            "" => Some("this is empty".to_owned()),
            text => Some(format!("this is `{text}`")),
        }
    }

    /// The place of a value itself, or the nearest one further up that stands in a text.
    fn spot_of(&self, path: &KeyPath, part: &Part) -> Option<Spot> {
        let (mut path, mut part) = (path.clone(), part.clone());
        loop {
            let layer = self.tree.get(&path).map_or(Layer::Default, |node| node.layer);
            if let Some(spot) = self.spot_in(layer, &path, &part) {
                return Some(spot);
            }
            match path.parent() {
                Some(parent) => path = parent,
                None => break,
            }
            part = Part::Key;
        }
        self.documents.first().map(|_| Spot::File(0, 0..0))
    }

    /// Bytes of a value that was filled in are not bytes of what was written; only problems with the filling
    /// in itself count in those.
    fn part_of(&self, problem: &Problem) -> Part {
        let filled =
            self.tree.get(&problem.path).is_some_and(|node| node.filled != Filled::Nothing);
        match &problem.part {
            Part::Within(_) if filled && !problem.code.starts_with("variable::") => Part::Value,
            part => part.clone(),
        }
    }

    fn spot_in(&self, layer: Layer, path: &KeyPath, part: &Part) -> Option<Spot> {
        if let Layer::Override(index) = layer {
            return Some(Spot::Override(index, part.clone()));
        }
        if path.segments().is_empty() {
            return None;
        }
        // A table can be spread over several files: the one that its layer names first, then any that has it.
        let own = match layer {
            Layer::File(index) => Some(index),
            _ => None,
        };
        let all = 0..self.documents.len();
        own.into_iter().chain(all).find_map(|index| {
            let span = self.documents.get(index)?.locate(path, part)?;
            Some(Spot::File(index, span))
        })
    }

    fn place(&self, spot: &Spot, texts: &[Arc<Text>]) -> Option<Place> {
        match spot {
            Spot::File(index, span) => {
                texts.get(*index).map(|text| Place::new(Arc::clone(text), span.clone()))
            }
            Spot::Override(index, part) => self.place_in_override(*index, part),
        }
    }

    fn place_in_override(&self, index: usize, part: &Part) -> Option<Place> {
        let given = self.layers.overrides.get(index)?;
        // The value of an unknown key may be a secret.
        let shown = if self.secrets.covers(&given.path) || *part == Part::Key {
            hide_value(&given.text, given.value_at)
        } else {
            self.secrets.hidden_in(&mask_assignment(&given.text, given.value_at))
        };
        let span = match part {
            Part::Key => 0..given.value_at.saturating_sub(1),
            _ => given.value_at..given.text.len(),
        };
        Some(Place::new(Arc::new(Text::new(&given.name, &shown)), span))
    }
}
