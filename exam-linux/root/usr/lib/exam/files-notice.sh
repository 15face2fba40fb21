# shellcheck shell=bash
# What the student is told when his files take too much, in a window. It comes when the level rises and goes when there is
# room again; closed while nothing more fits, it comes back after some minutes.

# Whoever runs under the student's uid can be traced by him, so none of these may inherit our output: it is PID 1's.
STUDENT=(setpriv --reuid="$STUDENT_UID" --regid=1000 --clear-groups env -i PATH=/usr/bin:/bin HOME=/home/student DISPLAY=:10
  LC_ALL=C.UTF-8 NO_AT_BRIDGE=1 GTK_A11Y=none)
SHOWN=$FINE SHOWN_AT=0 WINDOW=

notice() { # TITLE TEXT…
  close_notice
  "${STUDENT[@]}" "$EXAM_LIB/notice" "$@" < /dev/null > /dev/null 2>&1 &
  WINDOW=$! SHOWN_AT=$NOW
}

close_notice() {
  if [ -n "$WINDOW" ]; then "${STUDENT[@]}" kill "$WINDOW" < /dev/null > /dev/null 2>&1; fi
  WINDOW=
}

is_shown() { [ -n "$WINDOW" ] && [ -d "/proc/$WINDOW" ]; }

# What there is too much of, in both languages.
amounts() {
  local mb=$((WORKSPACE_KB / 1024)) of=$EXAM_WORKSPACE_LIMIT_MB
  VI="Tệp trong thư mục workspace của bạn chiếm $mb MB, tối đa là $of MB." EN="The files in your workspace take $mb MB of $of MB."
  if ((REST_KB * 100 / REST_LIMIT_KB > WORKSPACE_KB * 100 / LIMIT_KB)); then
    mb=$((REST_KB / 1024)) of=$((REST_LIMIT_KB / 1024))
    VI="Tệp của bạn ngoài thư mục workspace chiếm $mb MB, tối đa là $of MB." EN="Your files outside the workspace take $mb MB of $of MB."
  fi
  if ((FILES_PERCENT >= PERCENT)); then
    VI="Bạn có quá nhiều tệp hoặc thư mục (từ $FILES trở lên, tối đa là $MOST_FILES)." EN="You have too many files or folders ($FILES or more; the most is $MOST_FILES)."
  fi
}

show_level() {
  if ((LEVEL == FINE)); then
    if ((SHOWN != FINE)); then close_notice; fi
    SHOWN=$FINE
    return
  fi
  # Closed by the student while nothing more fits, it comes back after some minutes.
  if ((SHOWN == LEVEL)) && { ((LEVEL == NEARLY || NOW - SHOWN_AT < SHOW_AGAIN_MS)) || is_shown; }; then return; fi
  # On the way down there is nothing new to say; but a window that is there says what no longer holds.
  if ((SHOWN > LEVEL)) && ! is_shown; then SHOWN=$LEVEL; return; fi
  SHOWN=$LEVEL
  amounts
  case "${LEVELS[LEVEL]}" in
    near) notice "Sắp hết chỗ lưu tệp · Little room is left for your files" \
      "$VI Hãy xoá những tệp không cần nữa, ví dụ tệp do chương trình của bạn ghi ra." \
      "$EN Delete what you do not need, such as files that your program has written." ;;
    full) notice "Đã hết chỗ lưu tệp · There is no room left for your files" \
      "$VI Hãy xoá bớt tệp ngay: bài làm mới có thể không lưu được." \
      "$EN Delete some now: new work may not be saved." ;;
    over) notice "Vượt quá giới hạn lưu tệp · Your files are far over the limit" \
      "$VI Chương trình nào còn ghi thêm tệp sẽ bị dừng. Hãy xoá bớt tệp ngay." \
      "$EN Programs that go on writing are ended. Delete files now." ;;
  esac
}

show_ended() { # NAME
  notice "Chương trình đã bị dừng · A program was ended" \
    "Chương trình '$1' đã bị dừng vì ghi quá nhiều dữ liệu. Bài đã lưu của bạn vẫn còn. Hãy xoá tệp mà chương trình đã ghi ra." \
    "The program '$1' was ended because it wrote too much. What you had saved is still there. Delete the files that it wrote."
  SHOWN=$FAR_OVER
}
