#include "base/uuid.h"

#include "promise.h"
#include "targets.h"

void ocilot::fuzz::uuid(std::string_view input) {
    auto const id = Uuid::parse(input);
    if (!id) return;
    promise(input.size() == 36 && input.find_first_not_of("0123456789abcdef-") == input.npos,
            "an id has one form");
    promise(id->str() == input, "an id is written as it was read");
}
