#include "registry/upload_seal.h"

#include "promise.h"
#include "targets.h"

#include <array>

namespace {

/// The same bytes each time, so that an input that was once sealed stays so.
class Fixed final : public ocilot::Random {
  public:
    void fill(std::span<std::byte> out) override {
        for (auto& byte : out) byte = std::byte{7};
    }
};

}  // namespace

// The last segment of an upload's URL.
void ocilot::fuzz::upload_seal(std::string_view input) {
    Fixed random;
    registry::UploadSeal const seal({}, random);
    auto const name = oci::RepositoryName::parse("team/app").value();
    auto const opened = seal.open(input, name, "ann");
    if (!opened) return;
    promise(input.starts_with(opened->id.str()), "the id is in the URL");
    promise(seal.seal(*opened, name, "ann") == input || !opened->here, "a sealed segment has one form");
    promise(!seal.open(input, name, "bob"), "a segment is its owner's");
}
