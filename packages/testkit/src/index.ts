export { itemIdAttribute, itemIds } from "./item-ids.ts";
