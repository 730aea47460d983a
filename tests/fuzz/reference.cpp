#include "oci/reference.h"

#include "grammar.h"
#include "promise.h"
#include "targets.h"

void ocilot::fuzz::reference(std::string_view input) {
    bool const digest = input.find(':') != input.npos;
    auto const reference = oci::parse_reference(input);
    promise(oci::Tag::parse(input).has_value() == is_tag(input),
            "a tag is one exactly if the grammar says so");
    if (reference.has_error()) {
        promise(reference.error().code == (digest ? Errc::digest_invalid : Errc::tag_invalid),
                "the error names what was meant");
        promise(!is_tag(input), "every tag is a reference");
        return;
    }
    promise(std::holds_alternative<oci::Digest>(*reference) == digest, "what has a colon is a digest");
    promise(oci::to_string(*reference) == input, "a reference is written as it was read");
}
