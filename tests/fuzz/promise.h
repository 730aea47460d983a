#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace ocilot::fuzz {

/// Ends the program if a promise is broken: that is what both the fuzzer and the replay notice.
inline void promise(bool kept, char const* what) {
    if (kept) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

/// Whether `part` borrows from `whole`.
inline bool inside(std::string_view part, std::string_view whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace ocilot::fuzz
