#include "auth/turns.h"

#include <optional>
#include <utility>

namespace ocilot::auth {

Task<Turns::Turn> Turns::take(std::string key) {
    bool const free = begin(key);
    if (!free) {
        auto wait = [this, &key](Resume<bool> resume) { line_up(key, std::move(resume)); };
        co_await suspend<bool>(std::move(wait));
    }
    co_return Turn(*this, std::move(key), !free);
}

bool Turns::begin(std::string const& key) {
    std::lock_guard const lock(mutex_);
    return lines_.try_emplace(key).second;
}

void Turns::line_up(std::string const& key, Resume<bool> resume) {
    {
        std::lock_guard const lock(mutex_);
        auto const [line, is_free] = lines_.try_emplace(key);
        if (!is_free) {
            line->second.push_back(std::move(resume));
            return;
        }
    }
    resume(true);
}

void Turns::end(std::string const& key) {
    std::optional<Resume<bool>> next;
    {
        std::lock_guard const lock(mutex_);
        auto const line = lines_.find(key);
        if (line->second.empty()) {
            lines_.erase(line);
            return;
        }
        next = std::move(line->second.front());
        line->second.pop_front();
    }
    (*next)(true);
}

}  // namespace ocilot::auth
