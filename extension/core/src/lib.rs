//! Kernels (filled in below).
