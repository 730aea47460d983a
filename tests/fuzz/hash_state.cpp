#include "oci/hasher.h"
#include "promise.h"
#include "targets.h"

// The state of a hash that goes on elsewhere.
void ocilot::fuzz::hash_state(std::string_view input) {
    for (auto const algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
        auto hasher = oci::Hasher::from_state(algorithm, input);
        if (hasher.has_error()) continue;
        promise(hasher->algorithm() == algorithm, "a state is of one algorithm");
        promise(hasher->export_state() == input, "a state is written as it was read");
        auto const fed = hasher->size();
        hasher->update(std::as_bytes(std::span(input)));
        promise(hasher->size() == fed + input.size(), "a hash that goes on counts on");
        (void)hasher->digest();
    }
}
