/* A window that tells the student something:  notice TITLE TEXT…
 * Above the others, without taking the keyboard from what he types in. GTK is the desktop's; its headers are not needed. */
#include <dlfcn.h>
#include <stddef.h>

#define CALL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(gtk, #name))
enum { TOPLEVEL = 0, CENTRE = 1, DIALOG_ICON = 6, DOWN = 1, ACROSS = 0, GAP = 12, WIDEST = 58 };

static void *gtk;

/* In a colour of its own: the theme greys what is in a window without the keyboard. */
static void *label(const char *text, int is_title) {
    void *made = CALL(void *, gtk_label_new, const char *)(NULL);
    char *marked = CALL(char *, g_markup_printf_escaped, const char *, ...)(is_title ? "<span foreground='#1a1a1a'><big><b>%s</b></big></span>" : "<span foreground='#1a1a1a'>%s</span>", text);
    CALL(void, gtk_label_set_markup, void *, const char *)(made, marked);
    CALL(void, gtk_label_set_line_wrap, void *, int)(made, 1);
    CALL(void, gtk_label_set_max_width_chars, void *, int)(made, WIDEST);
    CALL(void, gtk_label_set_xalign, void *, float)(made, 0);
    return made;
}

static void put(void *box, void *child) { CALL(void, gtk_box_pack_start, void *, void *, int, int, unsigned)(box, child, 0, 0, 0); }

int main(int count, char **words) {
    gtk = dlopen("libgtk-3.so.0", RTLD_NOW | RTLD_GLOBAL);
    if (count < 3 || !gtk || !CALL(int, gtk_init_check, int *, char ***)(NULL, NULL)) return 1;
    void *window = CALL(void *, gtk_window_new, int)(TOPLEVEL);
    CALL(void, gtk_window_set_title, void *, const char *)(window, words[1]);
    CALL(void, gtk_window_set_position, void *, int)(window, CENTRE);
    CALL(void, gtk_window_set_resizable, void *, int)(window, 0);
    CALL(void, gtk_window_set_keep_above, void *, int)(window, 1);
    CALL(void, gtk_window_set_focus_on_map, void *, int)(window, 0);
    CALL(void, gtk_window_set_icon_name, void *, const char *)(window, "dialog-warning");
    CALL(void, gtk_container_set_border_width, void *, unsigned)(window, GAP + GAP / 2);
    void *across = CALL(void *, gtk_box_new, int, int)(ACROSS, GAP), *down = CALL(void *, gtk_box_new, int, int)(DOWN, GAP);
    void *icon = CALL(void *, gtk_image_new_from_icon_name, const char *, int)("dialog-warning", DIALOG_ICON);
    CALL(void, gtk_widget_set_valign, void *, int)(icon, 1);
    put(across, icon);
    put(across, down);
    put(down, label(words[1], 1));
    for (int i = 2; i < count; i++) put(down, label(words[i], 0));
    void *button = CALL(void *, gtk_button_new_with_label, const char *)("OK");
    CALL(void, gtk_widget_set_halign, void *, int)(button, 2);
    CALL(void, gtk_widget_set_size_request, void *, int, int)(button, 96, -1);
    put(down, button);
    CALL(void, gtk_container_add, void *, void *)(window, across);
    void (*quit)(void) = (void (*)(void))dlsym(gtk, "gtk_main_quit");
    typedef unsigned long connect(void *, const char *, void (*)(void), void *, void *, int);
    ((connect *)dlsym(gtk, "g_signal_connect_data"))(button, "clicked", quit, NULL, NULL, 0);
    ((connect *)dlsym(gtk, "g_signal_connect_data"))(window, "destroy", quit, NULL, NULL, 0);
    CALL(void, gtk_widget_show_all, void *)(window);
    CALL(void, gtk_main, void)();
    return 0;
}
