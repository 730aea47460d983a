#include "oci/wildcard.h"

#include <cstddef>

namespace ocilot::oci {

bool fits_wildcards(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    auto star = pattern.npos;    // The last star met,
    std::size_t after_star = 0;  // and where the text goes on that it does not stand for.
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != pattern.npos) {
            p = star + 1;  // The last star takes one more; earlier ones never need to.
            t = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == pattern.npos;
}

}  // namespace ocilot::oci
