#include "oci/media_type.h"

#include "promise.h"
#include "targets.h"

#include <algorithm>

void ocilot::fuzz::media_type(std::string_view input) {
    auto const type = oci::bare_media_type(input);
    if (type.empty()) return;
    promise(oci::bare_media_type(type) == type, "a bare type stays as it is");
    promise(oci::bare_media_type(" \t" + type + " ; charset=utf-8") == type, "parameters say nothing");
    promise(std::ranges::count(type, '/') == 1 && type.front() != '/' && type.back() != '/',
            "a type has two parts");
    promise(std::ranges::all_of(type, [](char c) { return c > ' ' && c < 0x7f && (c < 'A' || c > 'Z'); }),
            "a type can be sent in a header");
    promise(!(oci::is_image_manifest(type) && oci::is_index(type)), "no type is both");
}
