//! The TechWolf export endpoint on your own machine.
