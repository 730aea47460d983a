#include "registry/ended_uploads.h"

#include <utility>

namespace ocilot::registry {

namespace {

/// Processes whose sessions may go on; more of them ended within the age of a session only if they crash in a
/// loop.
constexpr std::size_t max_processes = 1000;

std::string_view next_word(std::string_view& text) {
    auto const end = text.find(' ');
    auto const word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return word;
}

}  // namespace

void EndedUploads::add(Uuid id) {
    if (young_.size() >= max_young) old_ = std::exchange(young_, {});
    young_.insert(id);
}

std::string EndedUploads::serialize(std::string_view process) const {
    std::string text(process);
    for (auto const& earlier : processes_) (text += ' ') += earlier;
    for (auto const* ids : {&old_, &young_}) {
        for (auto const& id : *ids) (text += ' ') += id.str();
    }
    return text;
}

void EndedUploads::restore(std::string_view note) {
    while (!note.empty()) {
        auto const word = next_word(note);
        if (auto const id = Uuid::parse(word)) {
            add(*id);
        } else if (processes_.size() < max_processes) {
            processes_.emplace(word);
        }
    }
}

}  // namespace ocilot::registry
