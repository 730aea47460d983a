#include "oci/digest.h"

#include "promise.h"
#include "targets.h"

#include <algorithm>

void ocilot::fuzz::digest(std::string_view input) {
    auto const digest = oci::Digest::parse(input);
    auto const hex = input.substr(std::min<std::size_t>(7, input.size()));
    bool const well_formed = ((input.starts_with("sha256:") && hex.size() == 64) ||
                              (input.starts_with("sha512:") && hex.size() == 128)) &&
                             hex.find_first_not_of("0123456789abcdef") == hex.npos;
    promise(digest.has_value() == well_formed, "a digest is sha256 or sha512 and lower-case hex, no more");
    if (digest.has_error()) {
        promise(digest.error().code == Errc::digest_invalid, "anything else is digest_invalid");
        return;
    }
    promise(digest->str() == input, "a digest is written as it was read");
    promise(oci::Digest(digest->algorithm(), digest->bytes()) == *digest, "its bytes are all of it");
}
