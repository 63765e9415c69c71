//! What is shown of this chapter.
